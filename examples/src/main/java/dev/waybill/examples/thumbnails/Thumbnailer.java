package dev.waybill.examples.thumbnails;

import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.util.Iterator;
import javax.imageio.ImageIO;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;
import javax.imageio.stream.FileCacheImageInputStream;
import javax.imageio.stream.ImageInputStream;

/** Makes an image small. */
final class Thumbnailer {
    /** The longer side of a thumbnail, in pixels. */
    static final int SIDE = 200;

    private Thumbnailer() {}

    /**
     * A small image.
     *
     * @param width of the large one
     * @param height of the large one
     */
    record Small(BufferedImage image, int width, int height) {}

    /** Reads an image from a stream, which may have more after it and stays open. */
    static Small of(InputStream in) throws NoImageException {
        // What readers go back to is in a file, not in the heap.
        try (ImageInputStream cached = new FileCacheImageInputStream(in, null)) {
            Iterator<ImageReader> readers = ImageIO.getImageReaders(cached);
            if (!readers.hasNext()) {
                throw new NoImageException("it is no image of a known kind", null);
            }
            ImageReader reader = readers.next();
            try {
                reader.setInput(cached, true, true);
                return small(reader);
            } finally {
                reader.dispose();
            }
        } catch (IOException | RuntimeException bad) { // readers throw whatever they come upon
            throw new NoImageException("it cannot be read as an image: " + root(bad), bad);
        }
    }

    private static Small small(ImageReader reader) throws IOException {
        int width = reader.getWidth(0);
        int height = reader.getHeight(0);
        // Only every n-th pixel is kept while it is read, so that a huge image does not need a huge heap.
        int step = Math.max(1, Math.max(width, height) / (2 * SIDE));
        ImageReadParam coarse = reader.getDefaultReadParam();
        coarse.setSourceSubsampling(step, step, 0, 0);
        return new Small(scaled(reader.read(0, coarse), width, height), width, height);
    }

    /** As large as fits into the square, and no larger than the original. */
    private static BufferedImage scaled(BufferedImage from, int width, int height) {
        double scale = Math.min(1.0, (double) SIDE / Math.max(width, height));
        int wide = Math.max(1, (int) Math.round(width * scale));
        int high = Math.max(1, (int) Math.round(height * scale));
        BufferedImage to = new BufferedImage(wide, high, BufferedImage.TYPE_INT_ARGB);
        Graphics2D pen = to.createGraphics();
        pen.setRenderingHint(RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
        pen.drawImage(from, 0, 0, wide, high, null);
        pen.dispose();
        return to;
    }

    private static String root(Throwable failure) {
        Throwable root = failure;
        for (Throwable cause = root.getCause(); cause != null; cause = root.getCause()) {
            root = cause;
        }
        String message = root.getMessage();
        return message == null ? root.getClass().getSimpleName() : message;
    }
}
