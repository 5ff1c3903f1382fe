package dev.waybill.convoy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waybill.Message;
import dev.waybill.Queue;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EventTest {

    @Test
    void aCopyGoesWithoutHeadersThatOnlyOtherSoftwareGives() throws Exception {
        HeldMessage held = new HeldMessage(
                1,
                "id",
                "String",
                Map.of("tenant", "a", "two words", "b", "waybill-own", "c"),
                "text".getBytes(StandardCharsets.UTF_8));
        Message<String> copy =
                Event.of("key", held, Queue.ofText("queue")).copy(1).build();
        assertThat(copy.headers())
                .containsOnly(
                        Map.entry("tenant", "a"),
                        Map.entry("convoy-message-id", "id"),
                        Map.entry("convoy-requeues", "1"));
        assertThat(copy.key()).contains("key");
    }
}
