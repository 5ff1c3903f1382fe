package dev.waybill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class PriorityPolicyTest {
    private static final PriorityPolicy THREE = PriorityPolicy.strict(3);

    @Test
    void isStrictUntilSomethingElseDecidesToo() {
        assertThat(THREE.isStrict()).isTrue();
        assertThat(THREE.tier("gold", 2, Duration.ofSeconds(1)).isStrict()).isTrue();
        assertThat(THREE.aging(Duration.ofSeconds(1)).isStrict()).isFalse();
        assertThat(THREE.share(0, 0.1).isStrict()).isFalse();
        assertThat(THREE.isStrict()).isTrue();
    }

    @Test
    void sharesMayAddUpToAllThereIs() {
        PriorityPolicy all = THREE.share(0, 0.1).share(1, 0.2).share(2, 0.7);
        assertThat(all.share(2)).isEqualTo(0.7);
        assertThat(all.share(2, 0.5).share(2)).isEqualTo(0.5);
        assertThatThrownBy(() -> all.share(2, 0.75))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("share of level 2 is 0.75");
        assertThatThrownBy(() -> THREE.share(0, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("share of level 0 is 0");
    }

    @Test
    void sharesLeaveSomethingForALevelThatHasNone() {
        assertThatThrownBy(() -> THREE.share(0, 0.4).share(1, 0.6))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("share of level 1 is 0.6")
                .hasMessageContaining("level 2 has no share, and would starve");
        assertThatThrownBy(() -> THREE.share(0, 1)).hasMessageContaining("level 1 has no share");
        assertThat(THREE.share(0, 0.4).share(1, 0.59).share(2)).isZero();
    }

    @Test
    void tiersAreFoundByNameAndByLevelAndAreThereOnce() {
        PriorityPolicy tiers = THREE.tier("gold", 2, Duration.ofSeconds(1)).tier("tin", 0, Duration.ofMinutes(1));
        assertThat(tiers.tier("tin")).map(PriorityPolicy.Tier::level).contains(0);
        assertThat(tiers.tier(2)).map(PriorityPolicy.Tier::name).contains("gold");
        assertThat(tiers.tier(1)).isEmpty();
        assertThatThrownBy(() -> tiers.tier("gold", 1, Duration.ofSeconds(1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'gold'");
        assertThatThrownBy(() -> tiers.tier("silver", 2, Duration.ofSeconds(1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'silver' of level 2");
        assertThatThrownBy(() -> tiers.tier("sil ver", 1, Duration.ofSeconds(1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'sil ver'");
    }

    @Test
    void isWhatItSays() {
        assertThat(PriorityPolicy.strict(3)).isEqualTo(THREE).hasSameHashCodeAs(THREE);
        assertThat(THREE.aging(Duration.ofSeconds(1))).isNotEqualTo(THREE);
        assertThat(THREE.aging(Duration.ofSeconds(1)).share(0, 0.5))
                .hasToString("3 levels, aging PT1S, shares [0.5, 0.0, 0.0]");
    }
}
