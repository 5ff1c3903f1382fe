package dev.waybill.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waybill.ConfigException;
import dev.waybill.PriorityPolicy;
import dev.waybill.WaybillConfig;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PrioritySettingsTest {

    private static Settings settings(Map<String, String> values) {
        Map<String, String> all = new HashMap<>(values);
        all.put("waybill.broker", "in-memory");
        Settings settings = new Settings(WaybillConfig.of(all).values());
        settings.checkKeys(Set.of(), List.of());
        return settings;
    }

    @Test
    void everySettingReachesItsPolicy() {
        PriorityPolicy policy = settings(Map.of(
                        "waybill.priorities.customers.levels", "3",
                        "waybill.priorities.customers.aging", "10s",
                        "waybill.priorities.customers.share.0", "0.1",
                        "waybill.priorities.customers.share.1", "0.25",
                        "waybill.priorities.customers.tier.premium.level", "2",
                        "waybill.priorities.customers.tier.premium.target", "500ms"))
                .priorities
                .of("customers");
        assertThat(policy)
                .isEqualTo(PriorityPolicy.strict(3)
                        .aging(Duration.ofSeconds(10))
                        .share(0, 0.1)
                        .share(1, 0.25)
                        .tier("premium", 2, Duration.ofMillis(500)));
    }

    @Test
    void theEnvironmentHasHyphensForDots() {
        assertThat(PrioritySettings.fromEnvironment(Map.of(
                        "WAYBILL_PRIORITIES_MY_CUSTOMERS_LEVELS", "3",
                        "WAYBILL_PRIORITIES_MY_CUSTOMERS_SHARE_0", "0.1",
                        "WAYBILL_PRIORITIES_MY_CUSTOMERS_TIER_VERY_BEST_TARGET", "1s",
                        "WAYBILL_PRIORITIES_LEVELS", "9")))
                .isEqualTo(Map.of(
                        "waybill.priorities.my-customers.levels", "3",
                        "waybill.priorities.my-customers.share.0", "0.1",
                        "waybill.priorities.my-customers.tier.very-best.target", "1s"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "levels | many | levels is 'many' but must be a number, 2 to 32",
                "levels | 1 | levels: levels is 1 but must be 2 to 32",
                "aging | soon | aging is 'soon' but must be a duration",
                "aging | 2 days | aging: aging of the priority policy is PT48H",
                "share.0 | half | share.0 is 'half' but must be a part",
                "share.0 | 1.5 | share.0: share of level 0 is 1.5",
                "share.3 | 0.5 | share.3: level is 3 but must be 0 to 2",
                "tier.gold.level | 2 | tier.gold.target is not set: it must be a duration",
                "tier.gold.target | 1s | tier.gold.level is not set: it must be a level",
            })
    void aWrongValueNamesTheKeyTheValueAndWhatIsAllowed(String setting, String value, String said) {
        Map<String, String> values = new HashMap<>(Map.of("waybill.priorities.customers.levels", "3"));
        values.put("waybill.priorities.customers." + setting, value);
        assertThatThrownBy(() -> settings(values))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("waybill.priorities.customers." + said);
    }

    @ParameterizedTest
    @CsvSource({"2, 2 days, target of the priority policy is PT48H", "3, 1s, level is 3 but must be 0 to 2"})
    void aWrongTierIsNamed(String level, String target, String said) {
        Map<String, String> values = Map.of(
                "waybill.priorities.customers.levels", "3",
                "waybill.priorities.customers.tier.gold.level", level,
                "waybill.priorities.customers.tier.gold.target", target);
        assertThatThrownBy(() -> settings(values))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("waybill.priorities.customers.tier.gold: " + said);
    }

    @Test
    void aNameWithoutLevelsAndAKeyThatNobodyKnowsAreErrors() {
        assertThatThrownBy(() -> settings(Map.of("waybill.priorities.customers.aging", "10s")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("waybill.priorities.customers.levels is not set");
        assertThatThrownBy(() -> settings(Map.of()).priorities.of("customers"))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("waybill.priorities.customers.levels is not set");
        assertThatThrownBy(() -> settings(Map.of("waybill.priorities.customers.level", "3")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("did you mean 'waybill.priorities.customers.levels'?");
    }
}
