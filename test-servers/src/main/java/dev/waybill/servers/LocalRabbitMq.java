package dev.waybill.servers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** RabbitMQ out of Debian's packages, with an epmd of its own. */
final class LocalRabbitMq extends LocalServer implements RabbitMqServer {
    private static final Duration INSTALL_LIMIT = Duration.ofMinutes(10);
    private static final Duration COMMAND_LIMIT = Duration.ofMinutes(1);
    private static final Map<String, List<String>> SUITES =
            Map.of("4.3", List.of("sid", "forky"), "4.0", List.of("trixie"));
    /** In milliseconds: what expires while the server starts, and cannot be routed yet, would be tried again after three minutes. */
    private static final String RETRIES_SOON = " -rabbit dead_letter_worker_publisher_confirm_timeout 15000";

    /** Its schedulers otherwise spin while they wait, at the cost of whatever else runs on the machine. */
    private static final String NO_SPINNING = " +sbwt none +sbwtdcpu none +sbwtdio none";

    private static final String LOOPBACK_ONLY = "-kernel inet_dist_use_interface {127,0,0,1}";

    private final Path tree;
    private final int port = takePort();
    private final int tlsPort = takePort();
    private final int managementPort = takePort();
    private final int distributionPort = takePort();
    private final int epmdPort = takePort();
    private final ServerOptions options;

    LocalRabbitMq(String version, ServerOptions options) {
        super("rabbitmq");
        this.tree = Cache.provide("rabbitmq-" + version, folder -> install(version, folder));
        this.options = options;
    }

    private static void install(String version, Path folder) throws IOException {
        Path script = Files.createTempFile("install-rabbitmq-", ".sh");
        try {
            Files.writeString(script, Folders.resource("install-rabbitmq.sh"));
            List<String> command = new ArrayList<>(List.of("bash", script.toString(), folder.toString(), version));
            command.addAll(SUITES.get(version));
            Command.run(new ProcessBuilder(command), INSTALL_LIMIT);
        } finally {
            Files.deleteIfExists(script);
        }
    }

    @Override
    public String uri() {
        return "amqp://guest:guest@127.0.0.1:" + port;
    }

    @Override
    public String tlsUri() {
        if (options.certificates() == null) {
            throw new IllegalStateException("This server was started without TLS");
        }
        return "amqps://guest:guest@127.0.0.1:" + tlsPort;
    }

    @Override
    public String managementUri() {
        return "http://127.0.0.1:" + managementPort;
    }

    @Override
    void launch() throws IOException {
        Files.createDirectories(data().resolve("home"));
        Files.writeString(data().resolve("rabbitmq.conf"), configuration());
        Files.writeString(data().resolve("enabled_plugins"), RabbitMqSettings.enabledPlugins());
        Path epmd = tree.resolve("usr/lib/erlang/bin/epmd");
        run("epmd", List.of(epmd.toString(), "-port", Integer.toString(epmdPort)), environment());
        run("RabbitMQ", List.of(tool("rabbitmq-server")), environment());
    }

    private String configuration() {
        Map<String, String> lines = new LinkedHashMap<>();
        lines.put("listeners.tcp.default", "127.0.0.1:" + port);
        lines.put("management.tcp.ip", "127.0.0.1");
        lines.put("management.tcp.port", Integer.toString(managementPort));
        TestCertificates certificates = options.certificates();
        if (certificates != null) {
            lines.putAll(RabbitMqSettings.tls(
                    "127.0.0.1:" + tlsPort,
                    certificates.authorityPem().toString(),
                    certificates.serverPem().toString(),
                    certificates.serverKeyPem().toString()));
        }
        return RabbitMqSettings.configuration(lines, options);
    }

    private Map<String, String> environment() {
        Map<String, String> environment = new LinkedHashMap<>();
        environment.put("PATH", tree.resolve("usr/lib/erlang/bin") + ":/usr/sbin:/usr/bin:/sbin:/bin");
        environment.put("HOME", data().resolve("home").toString());
        environment.put("LANG", "C.UTF-8");
        environment.put("LC_ALL", "C.UTF-8");
        environment.put("RABBITMQ_NODENAME", "waybill@localhost");
        environment.put("RABBITMQ_MNESIA_BASE", data().resolve("mnesia").toString());
        environment.put("RABBITMQ_LOG_BASE", data().toString());
        environment.put("RABBITMQ_PID_FILE", data().resolve("pid").toString());
        environment.put("RABBITMQ_CONFIG_FILE", data().resolve("rabbitmq.conf").toString());
        environment.put(
                "RABBITMQ_ENABLED_PLUGINS_FILE",
                data().resolve("enabled_plugins").toString());
        environment.put("RABBITMQ_CONF_ENV_FILE", data().resolve("none").toString());
        environment.put("RABBITMQ_ADVANCED_CONFIG_FILE", data().resolve("none").toString());
        environment.put("RABBITMQ_DIST_PORT", Integer.toString(distributionPort));
        environment.put("ERL_EPMD_PORT", Integer.toString(epmdPort));
        environment.put("ERL_EPMD_ADDRESS", "127.0.0.1");
        environment.put(
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
                LOOPBACK_ONLY + " -start_epmd false" + RETRIES_SOON + NO_SPINNING);
        environment.put("RABBITMQ_CTL_ERL_ARGS", LOOPBACK_ONLY);
        // Makes its script turn into the server, so that the process we started is the one that serves.
        environment.put("RUNNING_UNDER_SYSTEMD", "true");
        return environment;
    }

    private String tool(String name) {
        return tree.resolve("usr/lib/rabbitmq/bin").resolve(name).toString();
    }

    @Override
    String probe() throws IOException {
        String product = AmqpProbe.ask("127.0.0.1", port);
        // Its listeners open one after the other.
        TcpProbe.connect("127.0.0.1", managementPort);
        if (options.certificates() != null) {
            TcpProbe.connect("127.0.0.1", tlsPort);
        }
        return product;
    }

    @Override
    void beforeKill() {
        RabbitMqSettings.writeQueueNames(this);
    }

    @Override
    public String rabbitmqctl(String... arguments) {
        List<String> command = new ArrayList<>(List.of(tool("rabbitmqctl")));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).directory(data().toFile());
        builder.environment().clear();
        builder.environment().putAll(environment());
        return Command.run(builder, COMMAND_LIMIT);
    }
}
