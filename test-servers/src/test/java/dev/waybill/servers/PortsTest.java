package dev.waybill.servers;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PortsTest {
    @Test
    void aPortIsTakenOnceHoweverOftenItIsAskedForWhileItIsDown() {
        try (Ports one = new Ports();
                Ports other = new Ports()) {
            Set<Integer> taken = new HashSet<>();
            for (int i = 0; i < 100; i++) {
                assertThat(taken.add(one.take())).isTrue();
                assertThat(taken.add(other.take())).isTrue();
            }
            assertThat(taken).allSatisfy(port -> assertThat(port).isBetween(20_000, 31_999));
        }
    }
}
