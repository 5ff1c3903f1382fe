package dev.waybill.rabbitmq;

import dev.waybill.spi.BrokerContext;
import dev.waybill.spi.TimeSource;
import dev.waybill.spi.TlsSettings;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A context as core would give it, with settings of the test's own. */
final class TestContext implements BrokerContext {
    private static final ExecutorService BLOCKING = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "test-blocking");
        thread.setDaemon(true);
        return thread;
    });

    private final AtomicInteger running = new AtomicInteger();
    private final String uri;
    private final Map<String, String> settings = new HashMap<>();
    private final Map<String, String> natives = new HashMap<>();
    private @Nullable String username;
    private @Nullable String password;
    private @Nullable TlsSettings tls;
    private Duration connectTimeout = Duration.ofSeconds(10);

    TestContext(String uri) {
        this.uri = uri;
    }

    TestContext setting(String key, String value) {
        settings.put(key, value);
        return this;
    }

    TestContext nativeSetting(String key, String value) {
        natives.put(key, value);
        return this;
    }

    TestContext credentials(String username, String password) {
        this.username = username;
        this.password = password;
        return this;
    }

    TestContext tls(TlsSettings tls) {
        this.tls = tls;
        return this;
    }

    TestContext connectTimeout(Duration timeout) {
        connectTimeout = timeout;
        return this;
    }

    /** Whether all is done that the adapter does on other threads. */
    boolean idle() {
        return running.get() == 0;
    }

    @Override
    public Optional<String> uri() {
        return Optional.of(uri);
    }

    @Override
    public Optional<String> username() {
        return Optional.ofNullable(username);
    }

    @Override
    public Optional<String> password() {
        return Optional.ofNullable(password);
    }

    @Override
    public Optional<TlsSettings> tls() {
        return Optional.ofNullable(tls);
    }

    @Override
    public Optional<String> setting(String key) {
        return Optional.ofNullable(settings.get(key));
    }

    @Override
    public Map<String, String> nativeSettings() {
        return natives;
    }

    @Override
    public String clientName() {
        return "waybill-test";
    }

    @Override
    public Duration connectTimeout() {
        return connectTimeout;
    }

    @Override
    public Duration sendTimeout() {
        return Duration.ofSeconds(10);
    }

    @Override
    public Executor blocking() {
        return task -> {
            running.incrementAndGet();
            BLOCKING.execute(() -> {
                try {
                    task.run();
                } finally {
                    running.decrementAndGet();
                }
            });
        };
    }

    @Override
    public TimeSource time() {
        return TimeSource.system();
    }
}
