package dev.waybill.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waybill.SendException.Reason;
import org.apache.kafka.clients.producer.BufferExhaustedException;
import org.apache.kafka.common.errors.NetworkException;
import org.apache.kafka.common.errors.NotEnoughReplicasAfterAppendException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.junit.jupiter.api.Test;

class SendFailuresTest {

    @Test
    void what_never_left_the_producer_is_certainly_not_stored() {
        assertThat(SendFailures.of(new BufferExhaustedException("full"), true))
                .isEqualTo(new SendFailures(Reason.TIMED_OUT, false));
        assertThat(SendFailures.of(new TimeoutException("no", new UnknownTopicOrPartitionException()), true))
                .isEqualTo(new SendFailures(Reason.UNROUTABLE, false));
    }

    @Test
    void what_was_sent_and_not_answered_may_be_stored() {
        assertThat(SendFailures.of(new TimeoutException("expired"), false))
                .isEqualTo(new SendFailures(Reason.TIMED_OUT, true));
        assertThat(SendFailures.of(new NetworkException("gone"), false))
                .isEqualTo(new SendFailures(Reason.CONNECTION_LOST, true));
        assertThat(SendFailures.of(new NotEnoughReplicasAfterAppendException("one"), false))
                .isEqualTo(new SendFailures(Reason.REJECTED, true));
    }

    @Test
    void what_every_broker_refuses_is_not_stored() {
        assertThat(SendFailures.of(new RecordTooLargeException(), false))
                .isEqualTo(new SendFailures(Reason.TOO_LARGE, false));
        assertThat(SendFailures.of(new TopicAuthorizationException("t"), false))
                .isEqualTo(new SendFailures(Reason.REJECTED, false));
    }
}
