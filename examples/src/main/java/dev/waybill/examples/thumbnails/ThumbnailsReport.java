package dev.waybill.examples.thumbnails;

import dev.waybill.claimcheck.PayloadStore.StoredPayload;
import dev.waybill.examples.demo.TextTable;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * What became of the images.
 *
 * @param broker what it ran on, with the version
 * @param dead what is no image, as the dead-letter queue has it
 * @param bytesIn how much was written to the store
 * @param bytesOut how much was read from it
 * @param left what is in the store at the end
 * @param took from the first send to the last thumbnail
 */
record ThumbnailsReport(
        String broker,
        ImageBook book,
        List<Dead> dead,
        long bytesIn,
        long bytesOut,
        List<StoredPayload> left,
        Duration took) {
    private static final int MOST_FILES = 20;

    /**
     * A dead letter.
     *
     * @param file its name
     * @param deliveries how often it had been delivered
     * @param reason why it died
     */
    record Dead(String file, int deliveries, String reason) implements Comparable<Dead> {
        @Override
        public int compareTo(Dead other) {
            return file.compareTo(other.file);
        }
    }

    boolean whole() {
        return book.lost().isEmpty() && book.unsent().isEmpty();
    }

    String text() {
        List<Thumbnail> made = book.thumbnails();
        StringBuilder out = new StringBuilder();
        TextTable thumbnails = new TextTable(
                "Thumbnails" + (made.size() > MOST_FILES ? " (the first " + MOST_FILES + ")" : ""), "image", "pixels");
        made.stream().limit(MOST_FILES).forEach(one -> thumbnails.row(one.image(), one.width() + " x " + one.height()));
        thumbnails.appendTo(out);
        TextTable letters = new TextTable("Dead letters", "file", "deliveries", "reason");
        dead.forEach(letter -> letters.row(letter.file(), letter.deliveries(), letter.reason()));
        letters.appendTo(out);
        TextTable unsent = new TextTable("NOT SENT", "file", "reason");
        book.unsent().forEach(unsent::row);
        unsent.appendTo(out);
        TextTable lost = new TextTable("LOST", "file");
        book.lost().forEach(lost::row);
        lost.appendTo(out);
        return out.append(String.format(
                        Locale.ROOT,
                        "%s: %,d bytes of files in %.1f s%n"
                                + "through the store: %,d bytes in, %,d bytes out; through the broker: %,d bytes%n"
                                + "payloads left in the store: %d, %,d bytes (a dead letter keeps its payload)%n",
                        broker,
                        book.imageBytes(),
                        took.toMillis() / 1000.0,
                        bytesIn,
                        bytesOut,
                        book.brokerBytes(),
                        left.size(),
                        left.stream().mapToLong(StoredPayload::bytes).sum()))
                .toString();
    }

    /** The sums, on one line. */
    String totals() {
        return "sent=" + (book.expected() - book.unsent().size()) + " thumbnails="
                + book.thumbnails().size() + " dead=" + dead.size() + " lost="
                + book.lost().size();
    }
}
