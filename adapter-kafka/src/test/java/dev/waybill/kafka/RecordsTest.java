package dev.waybill.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.waybill.spi.Envelope;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RecordsTest {
    private static final byte[] NOT_UTF8 = {(byte) 0xC3, (byte) 0x28};

    private static ConsumerRecord<byte[], byte[]> record(
            byte @Nullable [] key, byte @Nullable [] value, Headers headers) {
        return new ConsumerRecord<>(
                "t", 3, 42, 777, TimestampType.CREATE_TIME, 0, 0, key, value, headers, Optional.empty());
    }

    private static Records.Decoded decode(Headers headers) {
        return Records.decode(record(null, "body".getBytes(UTF_8), headers));
    }

    @Test
    void an_envelope_survives() {
        Envelope envelope = new Envelope("id\uFFFD", "ключ", "a/b", 5, Map.of("h", "ü", "e", ""), new byte[] {1, 2});
        ProducerRecord<byte[], byte[]> sent = Records.encode("t", envelope);
        Records.Decoded decoded = Records.decode(record(sent.key(), sent.value(), sent.headers()));
        assertThat(decoded.defect()).isNull();
        assertThat(decoded.envelope()).usingRecursiveComparison().isEqualTo(envelope);
        assertThat(sent.timestamp()).isNull();
    }

    @Test
    void a_foreign_record_is_named_by_its_place_and_keeps_what_it_has() {
        RecordHeaders headers = new RecordHeaders();
        headers.add("bytes", NOT_UTF8)
                .add("twice", "1".getBytes(UTF_8))
                .add("twice", "2".getBytes(UTF_8))
                .add("null", null);
        Records.Decoded decoded = Records.decode(record(NOT_UTF8, "x".getBytes(UTF_8), headers));
        assertThat(decoded.defect()).isNull();
        assertThat(decoded.envelope().id()).isEqualTo("t-3-42");
        assertThat(decoded.envelope().key()).isEqualTo("\uFFFD(");
        assertThat(decoded.envelope().sentAtMillis()).isEqualTo(777);
        assertThat(decoded.envelope().headers()).containsEntry("twice", "2").containsEntry("null", "");
    }

    @Test
    void a_tombstone_is_an_empty_foreign_message_and_a_defect_of_ours() {
        assertThat(Records.decode(record(null, null, new RecordHeaders()))
                        .envelope()
                        .body())
                .isEmpty();
        RecordHeaders ours = new RecordHeaders();
        ours.add(Records.ID, "id".getBytes(UTF_8));
        assertThat(Records.decode(record(null, null, ours)).defect()).contains("no body");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "  "})
    void an_empty_id_is_a_defect(String id) {
        RecordHeaders headers = new RecordHeaders();
        headers.add(Records.ID, id.getBytes(UTF_8));
        Records.Decoded decoded = decode(headers);
        assertThat(decoded.defect()).contains(Records.ID);
        assertThat(decoded.envelope().id()).isEqualTo("t-3-42");
        assertThat(decoded.envelope().body()).isEqualTo("body".getBytes(UTF_8));
    }

    @Test
    void malformed_headers_of_ours_are_defects() {
        assertThat(decode(new RecordHeaders().add(Records.ID, NOT_UTF8)).defect())
                .contains(Records.ID);
        assertThat(decode(new RecordHeaders().add(Records.ID, null)).defect()).contains(Records.ID);
        assertThat(decode(new RecordHeaders().add(Records.ID, new byte[5000])).defect())
                .contains(Records.ID);
        assertThat(decode(new RecordHeaders().add(Records.CONTENT_TYPE, NOT_UTF8))
                        .defect())
                .contains(Records.CONTENT_TYPE);
        assertThat(decode(new RecordHeaders().add(Records.SENT_AT, "soon".getBytes(UTF_8)))
                        .defect())
                .contains(Records.SENT_AT);
        assertThat(decode(new RecordHeaders().add(Records.SENT_AT, "-5".getBytes(UTF_8)))
                        .defect())
                .contains(Records.SENT_AT);
    }
}
