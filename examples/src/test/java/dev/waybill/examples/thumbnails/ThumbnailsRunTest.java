package dev.waybill.examples.thumbnails;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waybill.WaybillConfig;
import dev.waybill.claimcheck.PayloadStore.StoredPayload;
import dev.waybill.examples.demo.DemoBroker;
import dev.waybill.examples.demo.Folders;
import dev.waybill.examples.demo.Progress;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class ThumbnailsRunTest {
    private static final Progress UNSEEN = Progress.of(new PrintStream(PrintStream.nullOutputStream()), false, 80, 1);

    @TempDir
    static Path sample;

    @TempDir
    Path folder;

    @BeforeAll
    static void draw() throws IOException {
        SampleImages.drawInto(sample);
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "rabbitmq", "kafka", "sqs"})
    void everyImageOfTheSampleBecomesAThumbnailAndWhatIsNoneDies(String emulated) throws Exception {
        Path output = Files.createDirectory(folder.resolve("output"));
        long large = 0;
        long small = 0;
        for (Path file : Folders.files(sample)) {
            long size = Files.size(file);
            large += size > ThumbnailQueue.THRESHOLD ? size : 0;
            small += size > ThumbnailQueue.THRESHOLD ? 0 : size;
        }

        ThumbnailsReport report;
        String emulation = emulated.equals("none") ? "" : "?emulate=" + emulated;
        WaybillConfig config = WaybillConfig.of(
                Map.of("waybill.broker", "in-memory", "waybill.uri", "in-memory:thumbnails-" + emulated + emulation));
        try (DemoBroker broker = new DemoBroker("", config, Duration.ofSeconds(5), true, () -> {})) {
            report = new ThumbnailsRun(broker, "images-test", 2, folder.resolve("payloads"))
                    .run(Folders.files(sample), output, UNSEEN);
        }

        assertThat(report.whole()).isTrue();
        assertThat(report.totals()).isEqualTo("sent=8 thumbnails=6 dead=2 lost=0");
        assertThat(report.book().thumbnails())
                .extracting(Thumbnail::image)
                .containsExactly("desert.jpg", "meadow.jpg", "mountains.png", "night.png", "seed.png", "sunflower.jpg");
        assertThat(report.dead()).hasSize(2);
        assertThat(report.dead().get(0).file()).isEqualTo("cut-off.png");
        assertThat(report.dead().get(0).reason()).contains("it cannot be read as an image: ");
        assertThat(report.dead().get(1).file()).isEqualTo("notes.txt");
        assertThat(report.dead().get(1).reason()).contains("it is no image of a known kind");
        assertThat(report.bytesIn()).as("what is large goes through the store").isEqualTo(large);
        assertThat(report.book().brokerBytes())
                .as("and what is small, with the references, through the broker")
                .isBetween(small + 1, small + 8 * 1024);
        assertThat(report.left())
                .extracting(StoredPayload::bytes)
                .as("a dead letter keeps its payload")
                .containsExactly(Files.size(sample.resolve("cut-off.png")));

        Path sheet = folder.resolve("sheet.png");
        ContactSheet.write(report.book().thumbnails(), sheet);
        BufferedImage drawn = ImageIO.read(sheet.toFile());
        assertThat(drawn.getWidth()).as("three columns").isGreaterThan(3 * Thumbnailer.SIDE);
        assertThat(drawn.getHeight()).as("two rows").isBetween(2 * Thumbnailer.SIDE, 3 * Thumbnailer.SIDE);
    }

    @Test
    void aThumbnailKeepsTheShapeAndIsNoLargerThanTheImage() throws Exception {
        assertThat(thumbnail(2000, 500)).isEqualTo("200 x 50");
        assertThat(thumbnail(3, 1500)).isEqualTo("1 x 200");
        assertThat(thumbnail(40, 30)).isEqualTo("40 x 30");
    }

    private String thumbnail(int width, int height) throws IOException, NoImageException {
        Path file = folder.resolve("one.png");
        ImageIO.write(new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB), "png", file.toFile());
        try (InputStream in = Files.newInputStream(file)) {
            Thumbnailer.Small small = Thumbnailer.of(in);
            assertThat(List.of(small.width(), small.height())).containsExactly(width, height);
            return small.image().getWidth() + " x " + small.image().getHeight();
        }
    }

    @Test
    void aFolderWithoutAnyImageHasOnlyDeadLetters() throws Exception {
        Path notes = Files.createDirectory(folder.resolve("notes"));
        Files.createFile(notes.resolve("empty.png"));

        ThumbnailsReport report;
        try (DemoBroker broker = DemoBroker.inMemory()) {
            report = new ThumbnailsRun(broker, "no-images-test", 1, folder.resolve("payloads"))
                    .run(Folders.files(notes), folder, UNSEEN);
        }

        assertThat(report.totals()).isEqualTo("sent=1 thumbnails=0 dead=1 lost=0");
    }
}
