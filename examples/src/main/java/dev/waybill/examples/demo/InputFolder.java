package dev.waybill.examples.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * The files to send: each of a folder, but for hidden ones and those in folders below.
 *
 * @param path the folder
 * @param files in the order of their names; at least one
 */
record InputFolder(Path path, List<Path> files) {

    /** @throws DemoException if it is not there, cannot be read, or is empty */
    static InputFolder open(Path path) {
        if (!Files.isDirectory(path)) {
            throw new DemoException("--input is '" + path + "', which is not a folder");
        }
        List<Path> files;
        try (Stream<Path> all = Files.list(path)) {
            files = all.filter(file -> Files.isRegularFile(file)
                            && !file.getFileName().toString().startsWith("."))
                    .sorted()
                    .toList();
        } catch (IOException unreadable) {
            throw new DemoException("--input is '" + path + "', which cannot be read: " + unreadable.getMessage());
        }
        if (files.isEmpty()) {
            throw new DemoException("--input is '" + path + "', which has no files");
        }
        return new InputFolder(path, files);
    }
}
