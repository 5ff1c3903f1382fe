package dev.waybill.servers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A program that runs to its end. */
final class Command {
    private Command() {}

    /** Runs it and returns what it printed, both streams together; another exit code than 0 is an error. */
    static String run(ProcessBuilder builder, Duration limit) {
        String shown = String.join(" ", builder.command());
        try {
            Path output = Files.createTempFile("waybill-command-", ".log");
            try {
                Process process = builder.redirectErrorStream(true)
                        .redirectInput(ProcessBuilder.Redirect.from(
                                Path.of("/dev/null").toFile()))
                        .redirectOutput(output.toFile())
                        .start();
                boolean ended = process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
                if (!ended) {
                    process.descendants().forEach(ProcessHandle::destroyForcibly);
                    process.destroyForcibly().waitFor();
                }
                String printed = Files.readString(output, StandardCharsets.ISO_8859_1);
                if (!ended) {
                    throw new ServerException("'" + shown + "' did not end within " + limit + ":\n" + printed);
                }
                if (process.exitValue() != 0) {
                    throw new ServerException("'" + shown + "' ended with " + process.exitValue() + ":\n" + printed);
                }
                return printed;
            } finally {
                Files.deleteIfExists(output);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("Running '" + shown + "'", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ServerException("Interrupted while running '" + shown + "'", e);
        }
    }

    /** A program of the PATH. */
    static Optional<Path> find(String program) {
        String path = Optional.ofNullable(System.getenv("PATH")).orElse("");
        return List.of(path.split(java.io.File.pathSeparator)).stream()
                .map(folder -> Path.of(folder, program))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /** A program of the JDK that runs this. */
    static String jdk(String program) {
        return Path.of(System.getProperty("java.home"), "bin", program).toString();
    }
}
