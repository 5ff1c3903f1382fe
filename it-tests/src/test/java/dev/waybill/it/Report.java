package dev.waybill.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** What a run has to say beside pass and fail: to standard output, and to the file {@code -Dwaybill.it.report}. */
final class Report {
    private Report() {}

    static void line(String text) {
        System.out.println(text);
        String file = System.getProperty("waybill.it.report", "");
        if (!file.isEmpty()) {
            try {
                Files.writeString(Path.of(file), text + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            } catch (IOException e) {
                throw new UncheckedIOException("Writing to " + file, e);
            }
        }
    }
}
