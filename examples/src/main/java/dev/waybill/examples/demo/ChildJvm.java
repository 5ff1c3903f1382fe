package dev.waybill.examples.demo;

import dev.waybill.WaybillConfig;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.StringReader;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;

/**
 * A process of its own that runs a class of the demo. Its configuration comes by its standard input, since arguments can be read by
 * every user of the machine; the end of that tells it that this process is gone.
 */
public final class ChildJvm {
    private static final String END_OF_SETTINGS = ".";

    private ChildJvm() {}

    /**
     * Starts it.
     *
     * @throws DemoException if that is not possible
     */
    public static Process start(Class<?> main, WaybillConfig config, String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:TieredStopAtLevel=1",
                main.getName()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
        Process process;
        try {
            process = builder.start();
        } catch (IOException failed) {
            throw new DemoException("cannot start a consumer process: " + failed.getMessage());
        }
        try {
            configure(process, config);
        } catch (IOException failed) {
            process.destroyForcibly();
            throw new DemoException("the consumer process does not read its configuration: " + failed.getMessage());
        }
        return process;
    }

    private static void configure(Process process, WaybillConfig config) throws IOException {
        Properties settings = new Properties();
        settings.putAll(config.values());
        Writer stdin = process.outputWriter(StandardCharsets.UTF_8);
        settings.store(stdin, null);
        stdin.write(END_OF_SETTINGS + "\n");
        stdin.flush();
    }

    /** The configuration that the process was given. */
    public static WaybillConfig config(BufferedReader stdin) throws IOException {
        StringBuilder text = new StringBuilder();
        for (String line = stdin.readLine(); line != null && !line.equals(END_OF_SETTINGS); line = stdin.readLine()) {
            text.append(line).append('\n');
        }
        Properties properties = new Properties();
        properties.load(new StringReader(text.toString()));
        Map<String, String> settings = new TreeMap<>();
        properties.stringPropertyNames().forEach(key -> settings.put(key, properties.getProperty(key)));
        return WaybillConfig.of(settings);
    }

    /** Waits for the end of standard input, and ends this process with it. */
    public static void endWith(BufferedReader stdin) throws IOException {
        while (stdin.readLine() != null) {
            // Nothing more is said; the end is what counts.
        }
        Runtime.getRuntime().halt(1);
    }
}
