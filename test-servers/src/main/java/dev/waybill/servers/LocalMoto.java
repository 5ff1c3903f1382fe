package dev.waybill.servers;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** moto's S3, where it is installed; it keeps nothing when it ends. */
final class LocalMoto extends LocalServer {
    private final int port = takePort();

    LocalMoto() {
        super("s3");
    }

    /** Debian's python3-moto brings it, or pip's moto[server]. */
    static Optional<Path> program() {
        return Command.find("moto_server");
    }

    @Override
    public String uri() {
        return "http://127.0.0.1:" + port;
    }

    @Override
    public boolean keepsData() {
        return false;
    }

    @Override
    void launch() {
        Path program = program().orElseThrow(() -> new ServerException("No 'moto_server' on the PATH"));
        Map<String, String> environment = new HashMap<>();
        // By which a shim finds the program behind it.
        for (String variable : List.of("PATH", "HOME")) {
            Optional.ofNullable(System.getenv(variable)).ifPresent(value -> environment.put(variable, value));
        }
        run("moto", List.of(program.toString(), "-H", "127.0.0.1", "-p", Integer.toString(port)), environment);
    }

    @Override
    String probe() throws IOException {
        return "moto, " + S3Probe.ask(uri());
    }
}
