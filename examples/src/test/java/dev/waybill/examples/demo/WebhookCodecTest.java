package dev.waybill.examples.demo;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class WebhookCodecTest {
    private final WebhookCodec codec = new WebhookCodec();

    @Test
    void readsJsonAndKeepsTheBytes() throws IOException {
        byte[] body = "{ \"repository\": {\"full_name\": \"octo/hello\"} }".getBytes(UTF_8);

        Webhook webhook = codec.decode(body);

        assertThat(webhook.json().at("/repository/full_name").asText()).isEqualTo("octo/hello");
        assertThat(codec.encode(webhook)).isSameAs(body);
    }

    @Test
    void saysWhereJsonThatIsCutOffEnds() {
        assertThatThrownBy(() -> codec.decode("{\"a\": [1,\n 2".getBytes(UTF_8)))
                .isInstanceOf(IOException.class)
                .hasMessageMatching("it ends too early at line 2, column \\d+");
    }

    @Test
    void refusesWhatFollowsTheJson() {
        assertThatThrownBy(() -> codec.decode("{} trailing".getBytes(UTF_8))).isInstanceOf(IOException.class);
    }

    @Test
    void refusesAnEmptyFile() {
        assertThatThrownBy(() -> codec.decode(new byte[0]))
                .isInstanceOf(IOException.class)
                .hasMessage("there is nothing in it");
    }
}
