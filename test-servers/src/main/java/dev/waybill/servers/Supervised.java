package dev.waybill.servers;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A process that cannot outlive this JVM: a shell between the two holds a pipe to us and kills it when the pipe ends, which
 * also happens when this JVM is killed. It then deletes the data folder, too.
 */
final class Supervised {
    private static final Duration ORDERLY = Duration.ofSeconds(30);
    private static final Duration FORCED = Duration.ofSeconds(10);

    private final String name;
    private final Process shell;
    private final Writer orders;
    private final ProcessHandle process;

    private Supervised(String name, Process shell, Writer orders, ProcessHandle process) {
        this.name = name;
        this.shell = shell;
        this.orders = orders;
        this.process = process;
    }

    /** Starts a command with just the given environment, in the data folder. */
    static Supervised start(String name, List<String> command, Map<String, String> environment, Path data, Path log) {
        Path bash = Command.find("bash")
                .orElseThrow(() -> new ServerException("No 'bash' on the PATH, which local servers need"));
        List<String> line = new ArrayList<>();
        // In a session of its own, what ends our process group does not end the shell before it has done its work.
        Command.find("setsid").ifPresent(setsid -> line.add(setsid.toString()));
        line.addAll(List.of(bash.toString(), "-c", Folders.resource("supervise.sh"), "supervise"));
        line.addAll(List.of(data.toString(), log.toString()));
        line.addAll(command);
        ProcessBuilder builder = new ProcessBuilder(line)
                .directory(data.toFile())
                .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().clear();
        builder.environment().putAll(environment);
        try {
            Process shell = builder.start();
            BufferedReader printed =
                    new BufferedReader(new InputStreamReader(shell.getInputStream(), StandardCharsets.UTF_8));
            String pid = printed.readLine();
            ProcessHandle process =
                    pid == null ? null : ProcessHandle.of(Long.parseLong(pid)).orElse(null);
            if (process == null) {
                throw new ServerException(name + " ended at once:\n" + Folders.tail(log));
            }
            return new Supervised(name, shell, shell.outputWriter(StandardCharsets.UTF_8), process);
        } catch (IOException e) {
            throw new UncheckedIOException("Starting " + name, e);
        }
    }

    long pid() {
        return process.pid();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Asks it to stop, and makes it if it does not; the data stays. */
    void stop() {
        order("keep");
        order("term");
        if (!Await.isTrue(ORDERLY, () -> !process.isAlive())) {
            order("kill");
        }
        end();
    }

    /** Ends it at once; the data stays. */
    void kill() {
        order("keep");
        end();
    }

    private void end() {
        try {
            orders.close();
        } catch (IOException e) {
            throw new UncheckedIOException("Ending " + name, e);
        }
        if (!Await.isTrue(FORCED, () -> !process.isAlive() && !shell.isAlive())) {
            throw new ServerException(name + " (process " + process.pid() + ") cannot be killed");
        }
    }

    private void order(String order) {
        try {
            orders.write(order + "\n");
            orders.flush();
        } catch (IOException e) {
            throw new UncheckedIOException("Telling " + name + ": " + order, e);
        }
    }
}
