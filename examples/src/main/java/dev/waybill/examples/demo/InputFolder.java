package dev.waybill.examples.demo;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The files to send: each of a folder, but for hidden ones and those in folders below.
 *
 * @param path the folder
 * @param files in the order of their names; at least one
 * @param wholesome whether every one of them is JSON, so that the poison must be added
 */
record InputFolder(Path path, List<Path> files, boolean wholesome) {
    /** The poison that is added to a folder without any. */
    static final String POISON_NAME = "poison.payload.json";

    private static final WebhookCodec CODEC = new WebhookCodec();

    static byte[] poison() {
        return "{\"action\": \"opened\", \"issue\": {".getBytes(StandardCharsets.UTF_8);
    }

    /** @throws DemoException if it is not there, cannot be read, or is empty */
    static InputFolder open(Path path) {
        List<Path> files = Folders.files(path);
        try {
            return new InputFolder(path, files, wholesome(files));
        } catch (IOException unreadable) {
            throw Folders.unreadable(path, unreadable);
        }
    }

    private static boolean wholesome(List<Path> files) throws IOException {
        for (Path file : files) {
            if (!CODEC.decodes(Files.readAllBytes(file))) {
                return false;
            }
        }
        return true;
    }
}
