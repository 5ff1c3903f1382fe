package dev.waybill.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waybill.Capability;
import org.junit.jupiter.api.Test;

class ServerVersionTest {
    @Test
    void versionsCompareByNumberAndNotByText() {
        assertThat(ServerVersion.parse("4.10.0").atLeast(ServerVersion.V4_3)).isTrue();
        assertThat(ServerVersion.parse("4.3.6").atLeast(ServerVersion.V4_3)).isTrue();
        assertThat(ServerVersion.parse("4.2.9").atLeast(ServerVersion.V4_3)).isFalse();
        assertThat(ServerVersion.parse("3.13.7").atLeast(ServerVersion.V4_0)).isFalse();
        assertThat(ServerVersion.parse("10.0.0").atLeast(ServerVersion.V4_3)).isTrue();
    }

    @Test
    void aVersionBeforeItsReleaseIsThatVersion() {
        assertThat(ServerVersion.parse("4.3.0-rc.1").atLeast(ServerVersion.V4_3))
                .isTrue();
        assertThat(ServerVersion.parse("4.3+dirty").atLeast(ServerVersion.V4_3)).isTrue();
    }

    @Test
    void whatIsNoVersionIsNamedInTheError() {
        assertThatThrownBy(() -> ServerVersion.parse("null")).hasMessageContaining("'null'");
    }

    @Test
    void aReleaseIsUncountedFrom43On() {
        assertThat(RabbitMqBroker.capabilities(ServerVersion.parse("4.3.0")).has(Capability.UNCOUNTED_RELEASE))
                .isTrue();
        assertThat(RabbitMqBroker.capabilities(ServerVersion.parse("4.2.1")).has(Capability.UNCOUNTED_RELEASE))
                .isFalse();
    }

    private static String keyOrderNote(String version) {
        return RabbitMqBroker.capabilities(ServerVersion.parse(version))
                .support(Capability.KEY_ORDER)
                .note();
    }
}
