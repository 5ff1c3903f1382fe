package dev.waybill.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestWatcher;

/** Says at the end of a class which server it ran against and how its rules came out; also to {@code -Dwaybill.it.report}. */
final class ConformanceReport implements TestWatcher, AfterAllCallback {
    private final Supplier<String> server;
    private final AtomicInteger passed = new AtomicInteger();
    private final AtomicInteger aborted = new AtomicInteger();
    private final AtomicInteger failed = new AtomicInteger();

    ConformanceReport(Supplier<String> server) {
        this.server = server;
    }

    @Override
    public void testSuccessful(ExtensionContext context) {
        passed.incrementAndGet();
    }

    @Override
    public void testAborted(ExtensionContext context, Throwable cause) {
        aborted.incrementAndGet();
    }

    @Override
    public void testFailed(ExtensionContext context, Throwable cause) {
        failed.incrementAndGet();
    }

    @Override
    public void afterAll(ExtensionContext context) throws IOException {
        if (context.getRequiredTestClass().isMemberClass()) {
            return;
        }
        String line = "%s server=\"%s\" mode=%s passed=%d aborted=%d failed=%d%n"
                .formatted(
                        context.getRequiredTestClass().getSimpleName(),
                        server.get(),
                        System.getProperty("waybill.it.servers", "local"),
                        passed.get(),
                        aborted.get(),
                        failed.get());
        System.out.print(line);
        String file = System.getProperty("waybill.it.report", "");
        if (!file.isEmpty()) {
            Files.writeString(Path.of(file), line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        }
    }
}
