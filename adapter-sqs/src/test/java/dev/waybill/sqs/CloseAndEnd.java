package dev.waybill.sqs;

import dev.waybill.RetryPolicy;
import dev.waybill.spi.Broker;
import dev.waybill.spi.Destination;
import dev.waybill.spi.QueueDefinition;
import dev.waybill.spi.Receiver;
import dev.waybill.spi.ReceiverOptions;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A program that closes its broker while a long poll is open, and comes to its end. */
final class CloseAndEnd {
    static final String CLOSED = "closed";

    private CloseAndEnd() {}

    /** Arguments: the server's address and the name of a queue. */
    public static void main(String[] args) throws InterruptedException {
        // Daemons, as core's are.
        ExecutorService blocking = Executors.newCachedThreadPool(task -> {
            Thread thread = new Thread(task);
            thread.setDaemon(true);
            return thread;
        });
        Broker broker = Fixture.open(args[0], blocking);
        QueueDefinition queue = new QueueDefinition(args[1], 3, Duration.ofSeconds(30), RetryPolicy.DEFAULT);
        Receiver receiver = broker.receiver(new Destination(queue, Destination.Role.MAIN), new ReceiverOptions(10));
        Thread waiting = new Thread(() -> {
            try {
                receiver.receive(1, Fixture.LONG_WAIT);
            } catch (InterruptedException stop) {
                throw new IllegalStateException(stop);
            }
        });
        waiting.start();
        while (!Threads.areIn(Poller.class)) {
            Thread.onSpinWait();
        }
        receiver.close();
        waiting.join();
        broker.close();
        if (!Threads.areIn(Poller.class)) {
            throw new IllegalStateException("the close was to leave the poll open");
        }
        System.out.println(CLOSED);
    }
}
