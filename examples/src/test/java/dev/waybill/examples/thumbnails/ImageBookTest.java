package dev.waybill.examples.thumbnails;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ImageBookTest {
    private final ImageBook book = new ImageBook();

    private void made(String id, String name) {
        book.made(id, new Thumbnail(name, 10, 10, Path.of(name)));
    }

    @Test
    void eachImageHasOneEnd() {
        for (String each : List.of("made", "dead", "refused", "lost")) {
            book.expect(each, each + ".png", 10);
        }
        made("made", "made.png");
        made("made", "made.png");
        book.dead("dead");
        book.dead("of another run");
        book.notSent("refused", new IllegalStateException("too large"));

        assertThat(book.done()).isEqualTo(3);
        assertThat(book.dead()).isEqualTo(1);
        assertThat(book.unsent()).isEqualTo(Map.of("refused.png", "too large"));
        assertThat(book.lost()).containsExactly("lost.png");
        ThumbnailsReport report =
                new ThumbnailsReport("Broker 1.0", book, List.of(), 0, 0, List.of(), Duration.ofSeconds(1));
        assertThat(report.whole()).isFalse();
        assertThat(report.text()).containsSubsequence("NOT SENT", "refused.png", "too large", "LOST", "lost.png");
    }

    @Test
    void aSendThatNobodyWasSureOfIsSentIfItsImageComes() {
        book.expect("unsure", "unsure.png", 10);
        book.notSent("unsure", new IllegalStateException("no answer"));
        made("unsure", "unsure.png");

        assertThat(book.unsent()).isEmpty();
        assertThat(book.thumbnails()).hasSize(1);
    }
}
