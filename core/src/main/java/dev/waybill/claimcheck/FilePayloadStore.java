package dev.waybill.claimcheck;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Payloads as files of a directory that all processes share, such as a network file system. A payload is written beside, forced to the
 * disk, and then linked to its place, which fails if there is one: so it is there whole or not at all. The file system must have hard
 * links, as those of Linux, macOS and Windows and NFS do.
 */
public final class FilePayloadStore implements PayloadStore {
    private static final Logger LOG = LoggerFactory.getLogger(FilePayloadStore.class);

    /** Tells the directory from the empty one on which it is to be mounted. */
    private static final String MARK = ".waybill-payloads";

    /** What is being written. */
    private static final String PARTS = ".parts";

    private static final long PART_LIVES_MILLIS = TimeUnit.DAYS.toMillis(2);

    private final String name;
    private final Path root;

    /**
     * Opens a directory, and makes it if its parent exists.
     *
     * @param name what references call it, on all processes
     * @throws PayloadStoreException if that fails
     */
    public FilePayloadStore(String name, Path directory) {
        this.name = name;
        root = directory.toAbsolutePath();
        try {
            if (!Files.isDirectory(root)) {
                Files.createDirectory(root);
            }
            Files.createDirectories(root.resolve(PARTS));
            if (!Files.exists(root.resolve(MARK))) {
                Files.createFile(root.resolve(MARK));
            }
            deleteOldParts();
        } catch (FileAlreadyExistsException another) {
            // Another process has just opened it for the first time, too.
            if (!Files.isDirectory(root)) {
                throw failed("is no directory", another);
            }
        } catch (IOException failed) {
            throw failed("cannot be opened", failed);
        }
    }

    /**
     * Opens a directory that is a payload store already, for tools.
     *
     * @throws PayloadStoreException if it is none
     */
    public static FilePayloadStore existing(String name, Path directory) {
        if (!Files.exists(directory.resolve(MARK))) {
            throw new PayloadStoreException(
                    directory + " is no payload store: " + MARK + " is missing, perhaps it is not mounted", null);
        }
        return new FilePayloadStore(name, directory);
    }

    /** Of processes that died while they wrote. */
    private void deleteOldParts() throws IOException {
        long before = System.currentTimeMillis() - PART_LIVES_MILLIS;
        try (Stream<Path> parts = Files.list(root.resolve(PARTS))) {
            for (Path part : parts.toList()) {
                try {
                    if (Files.getLastModifiedTime(part).toMillis() < before) {
                        Files.deleteIfExists(part);
                    }
                } catch (IOException left) {
                    LOG.debug("{} stays: it is gone already, or not ours to delete", part, left);
                }
            }
        }
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public boolean write(String key, Content content) throws IOException {
        Path place = place(key);
        Path part = root.resolve(PARTS).resolve(UUID.randomUUID().toString());
        try {
            write(part, content);
            return link(part, place);
        } finally {
            delete(part);
        }
    }

    private void write(Path part, Content content) throws IOException {
        try (Forced out = new Forced(part)) {
            content.writeTo(out);
            out.force();
        }
    }

    private boolean link(Path part, Path place) {
        Path directory = parent(place);
        try {
            boolean made = !Files.isDirectory(directory);
            Files.createDirectories(directory);
            Files.createLink(place, part);
            force(directory);
            if (made) {
                force(parent(directory));
            }
            return true;
        } catch (FileAlreadyExistsException another) {
            return false;
        } catch (IOException | UnsupportedOperationException failed) {
            throw failed("does not take '" + root.relativize(place) + "'", failed);
        }
    }

    private static Path parent(Path path) {
        Path parent = path.getParent();
        if (parent == null) {
            throw new IllegalStateException(path + " has no parent");
        }
        return parent;
    }

    /** Forces the entries of a directory to the disk, where that can be: Windows opens none. */
    private static void force(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (FileSystemException cannot) {
            if (Files.isReadable(directory)
                    && !System.getProperty("os.name", "").startsWith("Windows")) {
                throw cannot;
            }
        }
    }

    @Override
    public InputStream read(String key) throws PayloadMissingException {
        Path place = place(key);
        try {
            if (isThere(place)) {
                return Files.newInputStream(place);
            }
        } catch (NoSuchFileException deleted) {
            demandRoot();
        } catch (IOException failed) {
            throw failed("cannot read '" + key + "'", failed);
        }
        throw new PayloadMissingException("'" + key + "' in payload store '" + name + "'");
    }

    @Override
    public boolean exists(String key) {
        return isThere(place(key));
    }

    private boolean isThere(Path place) {
        try {
            return Files.readAttributes(place, BasicFileAttributes.class).isRegularFile();
        } catch (NoSuchFileException absent) {
            demandRoot();
            return false;
        } catch (IOException failed) {
            for (Path above = parent(place); !above.equals(root); above = parent(above)) {
                if (Files.isRegularFile(above)) {
                    return false;
                }
            }
            throw failed("cannot be asked for '" + root.relativize(place) + "'", failed);
        }
    }

    /** A directory that is not mounted has nothing, which says nothing. */
    private void demandRoot() {
        if (!Files.exists(root.resolve(MARK))) {
            throw new PayloadStoreException(
                    toString() + " is not there: " + MARK + " is missing, perhaps it is not mounted", null);
        }
    }

    @Override
    public void delete(List<String> keys) {
        demandRoot();
        List<Path> places = keys.stream().map(this::place).toList();
        @Nullable PayloadStoreException refused = null;
        for (Path place : places) {
            try {
                delete(place);
            } catch (PayloadStoreException stays) {
                refused = refused == null ? stays : refused;
            }
        }
        if (refused != null) {
            throw refused;
        }
    }

    private void delete(Path place) {
        try {
            Files.deleteIfExists(place);
        } catch (IOException failed) {
            throw failed("does not delete '" + root.relativize(place) + "'", failed);
        }
    }

    @Override
    public List<StoredPayload> list(String after, int limit) {
        demandRoot();
        List<StoredPayload> found = new ArrayList<>();
        list(root, "", after, limit, found);
        return found;
    }

    private record Entry(Path path, String key, boolean directory) {}

    private void list(Path directory, String prefix, String after, int limit, List<StoredPayload> found) {
        List<Entry> entries;
        try (Stream<Path> children = Files.list(directory)) {
            entries = children.filter(child -> !child.getFileName().toString().startsWith("."))
                    .map(child -> entry(child, prefix))
                    .sorted(Comparator.comparing(Entry::key))
                    .toList();
        } catch (NoSuchFileException gone) {
            return;
        } catch (IOException failed) {
            throw failed("cannot be listed", failed);
        }
        for (Entry entry : entries) {
            if (found.size() == limit) {
                return;
            }
            if (entry.directory()) {
                if (entry.key().compareTo(after) > 0 || after.startsWith(entry.key())) {
                    list(entry.path(), entry.key(), after, limit, found);
                }
            } else if (entry.key().compareTo(after) > 0) {
                add(entry, found);
            }
        }
    }

    /** A directory is among the keys where its own first is. */
    private static Entry entry(Path child, String prefix) {
        boolean directory = Files.isDirectory(child);
        return new Entry(child, prefix + child.getFileName() + (directory ? "/" : ""), directory);
    }

    private void add(Entry entry, List<StoredPayload> found) {
        try {
            found.add(new StoredPayload(
                    entry.key(),
                    Files.size(entry.path()),
                    Files.getLastModifiedTime(entry.path()).toMillis()));
        } catch (NoSuchFileException gone) {
            // Deleted meanwhile.
        } catch (IOException failed) {
            throw failed("cannot be listed", failed);
        }
    }

    private Path place(String key) {
        return root.resolve(PayloadStore.checkedKey(key));
    }

    private PayloadStoreException failed(String what, Exception cause) {
        return new PayloadStoreException(this + " " + what + ": " + cause, cause);
    }

    @Override
    public String toString() {
        return "payload store '" + name + "' in " + root;
    }

    /** A file whose trouble is the store's, not the content's. */
    private final class Forced extends OutputStream {
        private final FileOutputStream out;

        Forced(Path part) {
            try {
                out = new FileOutputStream(part.toFile());
            } catch (IOException failed) {
                throw FilePayloadStore.this.failed("cannot be written", failed);
            }
        }

        @Override
        public void write(int one) {
            write(new byte[] {(byte) one}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
            try {
                out.write(bytes, offset, length);
            } catch (IOException failed) {
                throw FilePayloadStore.this.failed("cannot be written", failed);
            }
        }

        void force() {
            try {
                out.getFD().sync();
            } catch (IOException failed) {
                throw FilePayloadStore.this.failed("cannot be written", failed);
            }
        }

        @Override
        public void close() {
            try {
                out.close();
            } catch (IOException failed) {
                throw FilePayloadStore.this.failed("cannot be written", failed);
            }
        }
    }
}
