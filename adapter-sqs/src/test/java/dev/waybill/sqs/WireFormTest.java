package dev.waybill.sqs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waybill.spi.Envelope;
import dev.waybill.sqs.WireForm.MalformedException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WireFormTest {
    private static final String[] NASTY = {
        "",
        " ",
        ";",
        "=",
        "%",
        "%003b",
        "%%",
        "i",
        "h.",
        "h.a=b;c",
        "1;i=x",
        "\0",
        "\t\r\n",
        "\u007f",
        "\u0085",
        "é€",
        "\uD83D\uDE00",
        "\uD83D",
        "\uDE00",
        "\uDE00\uD83D",
        "\uFFFD",
        "\uFFFE",
        "\uFFFF",
        "\uE000",
        "\uD7FF",
        "null"
    };

    private static Envelope envelope(String id, byte[] body, Map<String, String> headers) {
        return new Envelope(id, null, null, 0, headers, body);
    }

    private static Envelope textEnvelope(String body) {
        return envelope("id", body.getBytes(StandardCharsets.UTF_8), Map.of());
    }

    private static void assertRoundTrip(Envelope envelope) throws MalformedException {
        WireForm form = WireForm.of(envelope);
        assertSqsTakes(form.body());
        assertSqsTakes(form.attribute());
        assertThat(form.size())
                .isEqualTo(form.body().getBytes(StandardCharsets.UTF_8).length
                        + form.attribute().getBytes(StandardCharsets.UTF_8).length
                        + "waybillString".length());
        assertThat(form.envelope())
                .usingRecursiveComparison()
                .withStrictTypeChecking()
                .ignoringFields("headers")
                .isEqualTo(envelope);
        assertThat(form.envelope().headers()).isEqualTo(envelope.headers());
    }

    /** As the SQS documentation says it: #x9, #xA, #xD, #x20 to #xD7FF, #xE000 to #xFFFD, #x10000 to #x10FFFF. */
    private static void assertSqsTakes(String text) {
        assertThat(text).isNotEmpty();
        text.codePoints()
                .forEach(c -> assertThat(c == 0x9
                                || c == 0xA
                                || c == 0xD
                                || c >= 0x20 && c <= 0xD7FF
                                || c >= 0xE000 && c <= 0xFFFD
                                || c >= 0x10000)
                        .as("U+%04X", c)
                        .isTrue());
    }

    @Test
    void every_part_survives_whatever_characters_it_has() throws MalformedException {
        for (String first : NASTY) {
            for (String second : NASTY) {
                Map<String, String> headers = new LinkedHashMap<>();
                headers.put(first, second);
                headers.put(second + "x", first);
                assertRoundTrip(new Envelope(
                        "id" + first,
                        second,
                        first,
                        Long.MAX_VALUE,
                        headers,
                        (first + second).getBytes(StandardCharsets.UTF_8)));
            }
        }
    }

    @Test
    void random_texts_and_bodies_survive() throws MalformedException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 3_000; i++) {
            byte[] body = new byte[random.nextInt(20)];
            random.nextBytes(body);
            Map<String, String> headers = new LinkedHashMap<>();
            for (int h = random.nextInt(5); h > 0; h--) {
                headers.put(text(random), text(random));
            }
            Envelope envelope =
                    new Envelope("i" + text(random), text(random), null, random.nextLong() >>> 1, headers, body);
            assertThat(seed).as("seed").isNotNull();
            assertRoundTrip(envelope);
        }
    }

    private static String text(Random random) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(8); i > 0; i--) {
            text.append(
                    random.nextBoolean()
                            ? NASTY[random.nextInt(NASTY.length)]
                            : String.valueOf((char) random.nextInt(0x10000)));
        }
        return text.toString();
    }

    @Test
    void a_text_travels_as_it_is() {
        assertThat(WireForm.of(textEnvelope("{\"a\": \"é😀\"}\r\n\t")).body()).isEqualTo("{\"a\": \"é😀\"}\r\n\t");
        assertThat(WireForm.of(textEnvelope("a \uFFFD b")).body()).isEqualTo("a \uFFFD b");
    }

    @Test
    void what_sqs_refuses_or_cannot_bring_back_travels_as_base64() throws MalformedException {
        for (byte[] body : new byte[][] {
            {0},
            {'a', 0x1f},
            {(byte) 0xff},
            {(byte) 0xc0, (byte) 0x80}, // an overlong form
            {(byte) 0xed, (byte) 0xa0, (byte) 0x80}, // half a surrogate pair
            {(byte) 0xef, (byte) 0xbf, (byte) 0xbe}, // U+FFFE
            {(byte) 0xef, (byte) 0xbf, (byte) 0xbf}, // U+FFFF
            {'a', (byte) 0xe2, (byte) 0x82} // a cut character
        }) {
            assertThat(WireForm.of(envelope("id", body, Map.of())).body()).matches("[A-Za-z0-9+/]+=*");
            assertRoundTrip(envelope("id", body, Map.of()));
        }
    }

    @Test
    void an_empty_body_survives_though_sqs_takes_none() throws MalformedException {
        assertRoundTrip(envelope("id", new byte[0], Map.of()));
    }

    @Test
    void a_field_that_is_absent_stays_absent_and_an_empty_one_empty() throws MalformedException {
        assertRoundTrip(new Envelope("id", null, "", 5, Map.of("", ""), new byte[] {'x'}));
        assertRoundTrip(new Envelope("id", "", null, 0, Map.of(), new byte[] {'x'}));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "1",
                "1;",
                "2;i=a;t=0",
                "1 ;i=a;t=0",
                ";1;i=a;t=0",
                "1;i=;t=0",
                "1;t=0",
                "1;i=a",
                "1;i=a;t=",
                "1;i=a;t=x",
                "1;i=a;t=99999999999999999999",
                "1;i=a;t=0;",
                "1;i=a;t=0;k",
                "1;i=a;t=0;=v",
                "1;i=a;t=0;k=b=c",
                "1;i=a;t=0;i=b",
                "1;i=a;t=0;h.n=1;h.n=2",
                "1;i=a;t=0;h.%006e=1;h.n=2",
                "1;i=a;t=0;e=x",
                "1;i=a;t=0;z=1",
                "1;i=a%;t=0",
                "1;i=a%00;t=0",
                "1;i=a%00g0;t=0",
                "1;i=a%+041;t=0",
                "1;i=a%\uFF10\uFF10\uFF14\uFF11;t=0",
                "1;i=a;t=0;h.n=%",
            })
    void a_forged_or_cut_attribute_is_refused(String attribute) {
        assertThatThrownBy(() -> new WireForm("body", attribute).envelope())
                .isInstanceOf(MalformedException.class)
                .hasMessageContaining("waybill");
    }

    @Test
    void an_attribute_that_is_cut_anywhere_is_refused_or_still_has_its_id() {
        String whole = WireForm.of(new Envelope("a;b", "k%", "c", 12, Map.of("h", "é;"), new byte[] {0}))
                .attribute();
        for (int length = 0; length < whole.length(); length++) {
            try {
                assertThat(new WireForm("AA==", whole.substring(0, length))
                                .envelope()
                                .id())
                        .isEqualTo("a;b");
            } catch (MalformedException refused) {
                assertThat(refused).hasMessageStartingWith("attribute 'waybill' has ");
            }
        }
    }

    @Test
    void a_body_that_is_not_what_the_attribute_says_is_refused() {
        assertThatThrownBy(() -> new WireForm("?", "1;i=a;t=0;e=b").envelope())
                .isInstanceOf(MalformedException.class)
                .hasMessageContaining("base64");
        assertThatThrownBy(() -> new WireForm("text", "1;i=a;t=0;e=0").envelope())
                .isInstanceOf(MalformedException.class)
                .hasMessageContaining("empty");
    }

    @Test
    void a_long_forgery_is_not_repeated_in_full() {
        assertThatThrownBy(() -> new WireForm("body", "x".repeat(100_000)).envelope())
                .isInstanceOf(MalformedException.class)
                .satisfies(refused -> assertThat(refused.getMessage()).hasSizeLessThan(200));
    }
}
