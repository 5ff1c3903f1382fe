package dev.waybill.servers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;

class ModeTest {
    @Test
    void anUnknownModeIsRefusedWithTheKeyTheValueAndWhatIsAllowed() {
        assertThatThrownBy(() -> Mode.parse("docker"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("waybill.it.servers is 'docker' but must be local, containers or external");
    }

    @Test
    void aSystemPropertyWinsOverTheEnvironment() {
        Map<String, String> environment = Map.of("WAYBILL_IT_SERVERS", "containers");
        assertThat(Mode.setting(Mode.KEY, Map.of(Mode.KEY, "external"), environment))
                .contains("external");
        assertThat(Mode.setting(Mode.KEY, Map.of(), environment)).contains("containers");
    }

    @Test
    void aBlankSettingCountsAsNotSet() {
        assertThat(Mode.setting(Mode.KEY, Map.of(Mode.KEY, " "), Map.of())).isEmpty();
    }
}
