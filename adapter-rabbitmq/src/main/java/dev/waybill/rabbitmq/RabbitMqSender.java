package dev.waybill.rabbitmq;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.AlreadyClosedException;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.ConfirmListener;
import com.rabbitmq.client.Return;
import com.rabbitmq.client.ShutdownSignalException;
import dev.waybill.SendException.Reason;
import dev.waybill.spi.BrokerException;
import dev.waybill.spi.BrokerException.Kind;
import dev.waybill.spi.Destination;
import dev.waybill.spi.Envelope;
import dev.waybill.spi.Outbound;
import dev.waybill.spi.Sender;
import dev.waybill.spi.SenderListener;
import dev.waybill.spi.TimeSource;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Publishes to one queue, mandatory and with confirms, on a channel of its own. What is delayed goes to where it waits, and the
 * confirm is that of the first queue there.
 */
final class RabbitMqSender implements Sender, ConfirmListener {
    private static final Pattern TOO_LARGE =
            Pattern.compile("message size \\d+ is larger than configured max size (\\d+)");

    private final Line line;
    private final Channel channel;
    private final String queue;
    private final Route route;
    private final boolean ofDeadLetters;
    private final HeaderRoom room;
    private final SenderListener listener;
    private final Executor blocking;
    private final TimeSource time;
    private final Outstanding outstanding = new Outstanding();

    /** Whether nothing may be published any more: after the close, or when it is unknown what the server has counted. */
    private volatile boolean ended;

    RabbitMqSender(
            Line line,
            Destination destination,
            Route route,
            SenderListener listener,
            Executor blocking,
            TimeSource time) {
        this.line = line;
        queue = Topology.name(destination);
        this.route = route;
        ofDeadLetters = destination.role() == Destination.Role.DEAD_LETTER;
        room = line.headerRoom();
        this.listener = listener;
        this.blocking = blocking;
        this.time = time;
        String reason = line.blocked();
        if (reason != null) {
            // It would not answer before it is unblocked.
            throw new BrokerException(Kind.UNAVAILABLE, "the server blocks publishers: " + reason, null);
        }
        channel = line.channel();
        try {
            channel.confirmSelect();
        } catch (IOException | ShutdownSignalException failed) {
            blocking.execute(() -> Line.abort(channel));
            throw Faults.of(failed);
        }
        channel.addConfirmListener(this);
        channel.addReturnListener(this::returned);
        channel.addShutdownListener(this::ended);
        line.listen(listener);
    }

    @Override
    public void send(List<? extends Outbound> batch) {
        for (int i = 0; i < batch.size(); i++) {
            Outbound message = batch.get(i);
            publish(ofDeadLetters ? Fitted.of(message, room) : message);
        }
    }

    /** A dead letter that fits, whatever other software has sent. */
    private record Fitted(Outbound letter, Envelope envelope) implements Outbound {
        static Outbound of(Outbound letter, HeaderRoom room) {
            Envelope fitting = room.fitting(letter.envelope());
            return fitting == letter.envelope() ? letter : new Fitted(letter, fitting);
        }

        @Override
        public long delayMillis() {
            return letter.delayMillis();
        }

        @Override
        public boolean moved() {
            return letter.moved();
        }

        @Override
        public void stored() {
            letter.stored();
        }

        @Override
        public void failed(Reason reason, boolean maybeStored, String detail, @Nullable Throwable cause) {
            letter.failed(reason, maybeStored, detail, cause);
        }
    }

    private void publish(Outbound message) {
        Envelope envelope = message.envelope();
        String tooLarge = room.refusal(envelope);
        if (tooLarge != null) {
            message.failed(Reason.TOO_LARGE, false, tooLarge, null);
            return;
        }
        long delayMillis = message.delayMillis();
        // What is delayed has none: a delay level expires its first message only, before which no other may be put.
        AMQP.BasicProperties properties = Envelopes.properties(
                envelope,
                delayMillis > 0 ? time.epochMillis() + Delays.keptMillis(delayMillis) : 0,
                message.priority());
        if (ended) {
            message.failed(Reason.CONNECTION_LOST, false, "the channel is closed", null);
            return;
        }
        long number = outstanding.add(message);
        try {
            if (delayMillis > 0) {
                String routingKey = Delays.routingKey(queue, delayMillis);
                channel.basicPublish(Delays.ENTRY, routingKey, true, properties, envelope.body());
            } else {
                channel.basicPublish(route.exchange(), route.routingKey(envelope), true, properties, envelope.body());
            }
        } catch (AlreadyClosedException closed) {
            fail(outstanding.take(number), Reason.CONNECTION_LOST, false, Faults.describe(closed), closed);
        } catch (IllegalArgumentException tooLong) {
            // The client found before it wrote anything that a property is too long for AMQP, or all of them for one
            // frame.
            fail(outstanding.withdraw(number), Reason.TOO_LARGE, false, Faults.describe(tooLong), tooLong);
        } catch (IOException | RuntimeException broken) {
            ended = true;
            fail(outstanding.take(number), Reason.CONNECTION_LOST, true, Faults.describe(broken), broken);
            blocking.execute(() -> Line.abort(channel));
        }
    }

    private static void fail(
            @Nullable Outbound message, Reason reason, boolean maybeStored, String detail, @Nullable Throwable cause) {
        if (message != null) {
            message.failed(reason, maybeStored, detail, cause);
        }
    }

    @Override
    public void handleAck(long number, boolean multiple) {
        if (multiple) {
            outstanding.takeUpTo(number).forEach(Outbound::stored);
        } else {
            Outbound message = outstanding.take(number);
            if (message != null) {
                message.stored();
            }
        }
    }

    @Override
    public void handleNack(long number, boolean multiple) {
        String detail = "the broker refused it; the queue may be full, or without a leader";
        if (multiple) {
            outstanding.takeUpTo(number).forEach(message -> fail(message, Reason.REJECTED, false, detail, null));
        } else {
            fail(outstanding.take(number), Reason.REJECTED, false, detail, null);
        }
    }

    /** Comes before the confirm of the same message, which then finds nothing. */
    private void returned(Return message) {
        Envelope envelope =
                Envelopes.envelope(message.getProperties(), message.getBody()).envelope();
        boolean delayed = message.getExchange().equals(Delays.ENTRY);
        fail(
                outstanding.takeReturned(envelope, delayed),
                Reason.UNROUTABLE,
                false,
                (delayed
                                ? "there is no queue '" + queue + "' that is bound to '" + Delays.ENTRY + "'"
                                : route.missing())
                        + " (" + message.getReplyText() + ")",
                null);
    }

    private void ended(ShutdownSignalException signal) {
        ended = true;
        String detail = Faults.describe(signal);
        Matcher tooLarge = TOO_LARGE.matcher(detail);
        long most = tooLarge.find() ? Long.parseLong(tooLarge.group(1)) : Long.MAX_VALUE;
        boolean refused = Faults.code(signal) == AMQP.ACCESS_REFUSED;
        boolean noExchange = Faults.code(signal) == AMQP.NOT_FOUND;
        for (Outbound message : outstanding.takeAll()) {
            if (message.envelope().body().length > most) {
                fail(message, Reason.TOO_LARGE, false, detail, signal);
            } else if (noExchange
                    && (message.delayMillis() > 0 || !route.exchange().isEmpty())) {
                // Those before the one that the server did not know where to put may have been stored.
                fail(message, Reason.UNROUTABLE, true, detail, signal);
            } else {
                fail(message, refused ? Reason.REJECTED : Reason.CONNECTION_LOST, true, detail, signal);
            }
        }
    }

    @Override
    public boolean usable() {
        return !ended && channel.isOpen();
    }

    @Override
    public void close() {
        ended = true;
        line.forget(listener);
        for (Outbound message : outstanding.takeAll()) {
            fail(message, Reason.CONNECTION_LOST, true, "the sender was closed before the broker answered", null);
        }
        // A blocked broker does not answer the close.
        blocking.execute(() -> Line.abort(channel));
    }
}
