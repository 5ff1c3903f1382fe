package dev.waybill.examples.thumbnails;

import dev.waybill.Delivery;
import dev.waybill.Outcome;
import dev.waybill.OutcomeHandler;
import dev.waybill.Payload;
import dev.waybill.examples.thumbnails.Thumbnailer.Small;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import javax.imageio.ImageIO;

/** Makes the thumbnail of each image that comes. One that comes twice is written over by the same. */
final class Worker implements OutcomeHandler<Payload> {
    private final ImageBook book;
    private final Path folder;

    Worker(ImageBook book, Path folder) {
        this.book = book;
        this.folder = folder;
    }

    @Override
    public Outcome handle(Delivery<Payload> delivery) throws IOException {
        String name = book.name(delivery.id());
        if (name == null) {
            return Outcome.deadLetter("it is of another run");
        }
        Small small;
        try (InputStream in = delivery.payload().open()) {
            small = Thumbnailer.of(in);
            // Readers stop at the end of the image, but the digest is checked at the end of the stream.
            in.transferTo(OutputStream.nullOutputStream());
        } catch (NoImageException bad) {
            return Outcome.deadLetter(String.valueOf(bad.getMessage()));
        }
        Path file = folder.resolve(name + ".thumbnail.png");
        if (!ImageIO.write(small.image(), "png", file.toFile())) {
            throw new IOException("nothing here writes PNG");
        }
        book.made(delivery.id(), new Thumbnail(name, small.width(), small.height(), file));
        return Outcome.accept();
    }
}
