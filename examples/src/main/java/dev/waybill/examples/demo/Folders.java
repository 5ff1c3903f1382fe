package dev.waybill.examples.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Files and folders of the command line. */
public final class Folders {
    private Folders() {}

    /** A path of the command line, which is relative to where the demo was called. */
    public static Path given(Path path) {
        return Path.of(System.getProperty("demo.directory", "")).resolve(path);
    }

    /**
     * The files of a folder, but for hidden ones and those in folders below, in the order of their names; at least one.
     *
     * @throws DemoException if it is not there, cannot be read, or is empty
     */
    public static List<Path> files(Path folder) {
        if (!Files.isDirectory(folder)) {
            throw new DemoException("--input is '" + folder + "', which is not a folder");
        }
        try (Stream<Path> all = Files.list(folder)) {
            List<Path> files = all.filter(Files::isRegularFile)
                    .filter(file -> !file.getFileName().toString().startsWith("."))
                    .sorted()
                    .toList();
            if (files.isEmpty()) {
                throw new DemoException("--input is '" + folder + "', which has no files");
            }
            return files;
        } catch (IOException unreadable) {
            throw unreadable(folder, unreadable);
        }
    }

    static DemoException unreadable(Path folder, IOException failure) {
        return new DemoException("--input is '" + folder + "', which cannot be read: " + failure);
    }
}
