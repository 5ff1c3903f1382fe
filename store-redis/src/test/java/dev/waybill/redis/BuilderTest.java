package dev.waybill.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waybill.redis.Keys.Part;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import redis.clients.jedis.RedisClient;

class BuilderTest {
    /** Which connects when it is first asked. */
    private final RedisConvoyStore.Builder builder = RedisConvoyStore.on(RedisClient.create());

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "{a", "a}", "a:b", "\u00e4", "a\n"})
    void aNameThatWouldNotStayInOneSlotIsRefused(String name) {
        assertThatThrownBy(() -> builder.name(name))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("name of the convoy store is '" + name + "' but must be");
    }

    @Test
    void aWrongValueIsRefusedByNameAndRange() {
        assertThatThrownBy(() -> builder.lease(Duration.ofMillis(999)))
                .hasMessage("lease of the convoy store is PT0.999S but must be PT1S to PT10M");
        assertThatThrownBy(() -> builder.name("a".repeat(49))).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void theKeysOfMachinesAndConvoysAreNeverMixedUp() {
        Keys keys = new Keys("s");
        assertThat(Keys.text(keys.of(Part.CONVOY, "a:convoy:b", "c"))).isEqualTo("{s}:a%3Aconvoy%3Ab:convoy:c");
        assertThat(Keys.text(keys.of(Part.CONVOY, "a", "b:convoy:c"))).isEqualTo("{s}:a:convoy:b:convoy:c");
        assertThat(Keys.text(keys.machine("{x}").index())).isEqualTo("{s}:%7Bx%7D:index");
    }

    @Test
    void aKeyIsNotLongerThanItMayBe() {
        Keys keys = new Keys("s");
        assertThat(keys.of(Part.CONVOY, "m", "k".repeat(128))).isNotEmpty();
        assertThatThrownBy(() -> keys.of(Part.CONVOY, "m", "k".repeat(129)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("has 129 characters but may have 128");
    }
}
