package dev.waybill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Core runs without what is optional: here a program runs in a class loader that has nothing of it. */
class WithoutOptionalLibrariesTest {
    private static final List<String> OPTIONAL =
            List.of("/io/micrometer/", "/io/opentelemetry/", "/com/fasterxml/jackson/", "/io/prometheus/");

    /** What an application does, all of it; loaded by the class loader below. */
    public static final class Program {
        private Program() {}

        public static void run() throws Exception {
            AtomicInteger sent = new AtomicInteger();
            WaybillObserver observer = new WaybillObserver() {
                @Override
                public void sent(String queue, boolean stored, long nanos) {
                    sent.incrementAndGet();
                }
            };
            Queue<String> queue = Queue.named("orders", Codec.text())
                    .maxDeliveries(2)
                    .retry(RetryPolicy.fixed(Duration.ofMillis(1)))
                    .build();
            CountDownLatch handled = new CountDownLatch(3);
            try (Waybill waybill = Waybill.open(
                    WaybillConfig.of(Map.of("waybill.broker", "in-memory")).observer(observer))) {
                waybill.consumer(queue).start(delivery -> {
                    handled.countDown();
                    throw new IllegalStateException("never");
                });
                waybill.producer(queue).sendAndWait("m");
                CountDownLatch dead = new CountDownLatch(1);
                DeadLetters letters = waybill.deadLetters(queue);
                waybill.deadLetterConsumer(queue).start(letter -> {
                    letters.count();
                    dead.countDown();
                });
                waybill.health();
                if (!dead.await(10, TimeUnit.SECONDS) || handled.getCount() != 1 || sent.get() < 1) {
                    throw new IllegalStateException(handled + " left, " + sent + " sent");
                }
            }
        }
    }

    /** Each touches one of them. */
    public static final class Measuring {
        private Measuring() {}

        public static void run() {
            new dev.waybill.micrometer.MicrometerObserver(
                    new io.micrometer.core.instrument.simple.SimpleMeterRegistry());
        }
    }

    public static final class Tracing {
        private Tracing() {}

        public static void run() {
            new dev.waybill.opentelemetry.OpenTelemetryObserver(io.opentelemetry.api.OpenTelemetry.noop());
        }
    }

    public static final class Json {
        private Json() {}

        public static void run() {
            Codec.json(String.class);
        }
    }

    private static void run(Class<?> one) throws Exception {
        URL[] rest = classPath()
                .filter(entry -> OPTIONAL.stream().noneMatch(entry.replace(File.separatorChar, '/')::contains))
                .map(WithoutOptionalLibrariesTest::url)
                .toArray(URL[]::new);
        Thread current = Thread.currentThread();
        ClassLoader before = current.getContextClassLoader();
        try (URLClassLoader loader = new URLClassLoader(rest, ClassLoader.getPlatformClassLoader())) {
            current.setContextClassLoader(loader);
            Class<?> program = loader.loadClass(one.getName());
            assertThat(program).isNotSameAs(one);
            program.getMethod("run").invoke(null);
        } finally {
            current.setContextClassLoader(before);
        }
    }

    private static Stream<String> classPath() {
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator));
    }

    private static URL url(String entry) {
        URI file = Path.of(entry).toUri();
        try {
            return file.toURL();
        } catch (MalformedURLException impossible) {
            throw new IllegalStateException(entry, impossible);
        }
    }

    @Test
    void everythingElseWorks() throws Exception {
        run(Program.class);
    }

    /** The class loader has really nothing of them: whoever touches one fails. */
    @Test
    void whoeverTouchesOneFails() {
        for (Class<?> touching : List.of(Measuring.class, Tracing.class, Json.class)) {
            assertThatThrownBy(() -> run(touching))
                    .as("%s", touching)
                    .rootCause()
                    .isInstanceOf(ClassNotFoundException.class);
        }
    }
}
