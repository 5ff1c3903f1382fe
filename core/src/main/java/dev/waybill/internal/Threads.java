package dev.waybill.internal;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Threads: virtual where the JVM has them (21 and later), else platform threads. */
final class Threads {
    private static final @Nullable MethodHandle START_VIRTUAL = startVirtual();
    private static final AtomicLong NUMBER = new AtomicLong();

    private Threads() {}

    private static @Nullable MethodHandle startVirtual() {
        if (Runtime.version().feature() < 21) {
            return null;
        }
        try {
            return MethodHandles.publicLookup()
                    .findStatic(
                            Thread.class, "startVirtualThread", MethodType.methodType(Thread.class, Runnable.class));
        } catch (ReflectiveOperationException absent) {
            throw new IllegalStateException("this JVM says that it has virtual threads, and has none", absent);
        }
    }

    /** Starts a thread that may block. */
    static Thread start(String name, Runnable task) {
        if (START_VIRTUAL == null) {
            Thread thread = new Thread(task, "waybill-" + name + "-" + NUMBER.incrementAndGet());
            thread.setDaemon(true);
            thread.start();
            return thread;
        }
        try {
            Thread thread = (Thread) START_VIRTUAL.invokeExact(task);
            thread.setName("waybill-" + name + "-" + NUMBER.incrementAndGet());
            return thread;
        } catch (Throwable impossible) {
            throw new IllegalStateException("a virtual thread could not be started", impossible);
        }
    }

    /** Runs blocking calls, each on a thread of its own; an idle platform thread ends after a minute. */
    static Executor blocking() {
        if (START_VIRTUAL != null) {
            return task -> start("io", task);
        }
        return Executors.newCachedThreadPool(task -> {
            Thread thread = new Thread(task, "waybill-io-" + NUMBER.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });
    }
}
