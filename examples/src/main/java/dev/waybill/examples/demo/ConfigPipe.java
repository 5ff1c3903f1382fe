package dev.waybill.examples.demo;

import dev.waybill.WaybillConfig;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.StringReader;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;

/** Gives a process its configuration by its standard input, since arguments can be read by every user of the machine. */
public final class ConfigPipe {
    private static final String END = ".";

    private ConfigPipe() {}

    /** Leaves the pipe open: its end tells the process that this one is gone. */
    public static void write(WaybillConfig config, Process process) {
        Properties settings = new Properties();
        settings.putAll(config.values());
        try {
            Writer stdin = process.outputWriter(StandardCharsets.UTF_8);
            settings.store(stdin, null);
            stdin.write(END + "\n");
            stdin.flush();
        } catch (IOException failed) {
            throw new DemoException("the consumer process does not read its configuration: " + failed.getMessage());
        }
    }

    /** What {@link #write} has written. */
    public static WaybillConfig read(BufferedReader stdin) throws IOException {
        StringBuilder text = new StringBuilder();
        for (String line = stdin.readLine(); line != null && !line.equals(END); line = stdin.readLine()) {
            text.append(line).append('\n');
        }
        Properties properties = new Properties();
        properties.load(new StringReader(text.toString()));
        Map<String, String> settings = new TreeMap<>();
        properties.stringPropertyNames().forEach(key -> settings.put(key, properties.getProperty(key)));
        return WaybillConfig.of(settings);
    }
}
