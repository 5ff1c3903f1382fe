package dev.waybill.servers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What was fetched once and stays: {@code $WAYBILL_SERVERS_HOME}, or else {@code ~/.cache/waybill/servers}. */
final class Cache {
    private static final Logger LOG = LoggerFactory.getLogger(Cache.class);
    private static final Object IN_THIS_JVM = new Object();

    /** Fills an entry of the cache. */
    interface Install {
        void into(Path folder) throws IOException;
    }

    private Cache() {}

    static Path home() {
        String configured = System.getenv("WAYBILL_SERVERS_HOME");
        Path home = configured == null || configured.isBlank()
                ? Path.of(System.getProperty("user.home"), ".cache", "waybill", "servers")
                : Path.of(configured);
        return home.toAbsolutePath().normalize();
    }

    /**
     * The folder of that name, installed if it is not complete yet. It is installed where it stays, because some programs know
     * their own path; the marker, written last, tells what is complete, and a file lock keeps two processes apart.
     */
    static Path provide(String name, Install install) {
        Path folder = home().resolve(name);
        Path marker = home().resolve(name + ".complete");
        if (Files.exists(marker)) {
            return folder;
        }
        synchronized (IN_THIS_JVM) {
            try {
                Files.createDirectories(home());
                try (FileChannel channel = FileChannel.open(
                                home().resolve(name + ".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                        FileLock held = channel.lock()) {
                    if (!Files.exists(marker)) {
                        LOG.info("Installing {} into {}, held by {}", name, folder, held);
                        Folders.delete(folder);
                        Files.createDirectories(folder);
                        install.into(folder);
                        Files.createFile(marker);
                    }
                }
            } catch (IOException e) {
                throw new UncheckedIOException("Installing " + name + " into " + folder, e);
            }
        }
        return folder;
    }
}
