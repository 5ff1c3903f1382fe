package dev.waybill.it;

import dev.waybill.WaybillConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A process that runs a class of the tests, and which broker it is to use. */
final class TestProcess {
    /** It is over before a compiler's best code pays. */
    private static final List<String> SHORT_LIVED = List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1");

    private TestProcess() {}

    /** Prepares it; what it says on standard error is seen. */
    static ProcessBuilder of(Class<?> main, WaybillConfig config, String... arguments) {
        return of(SHORT_LIVED, main, config, arguments);
    }

    /** The same, with other options of the JVM. */
    static ProcessBuilder of(List<String> options, Class<?> main, WaybillConfig config, String... arguments) {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(options);
        command.addAll(List.of(
                "-cp",
                System.getProperty("surefire.real.class.path", System.getProperty("java.class.path")),
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
                main.getName()));
        command.addAll(List.of(arguments));
        config.values().forEach((key, value) -> command.add(key + "=" + value));
        return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
    }

    /** @param first of the arguments that are the configuration */
    static WaybillConfig config(String[] arguments, int first) {
        WaybillConfig config = WaybillConfig.of(Map.of());
        for (int i = first; i < arguments.length; i++) {
            int equals = arguments[i].indexOf('=');
            config = config.with(arguments[i].substring(0, equals), arguments[i].substring(equals + 1));
        }
        return config;
    }
}
