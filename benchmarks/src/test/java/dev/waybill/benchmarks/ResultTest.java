package dev.waybill.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class ResultTest {
    @Test
    void aRateIsBetterTheLargerItIs() {
        Result result = new Result("kafka", "send", Sample.of(200_000), Sample.of(150_000), Result.RATE);
        assertThat(result.line())
                .isEqualTo("bench broker=kafka workload=send plain=200000 waybill=150000 ratio=0.75 unit=msg/s");
    }

    @Test
    void aTimeIsBetterTheSmallerItIs() {
        Result result = new Result("sqs", "latency", Sample.of(6), Sample.of(8), "ms-p99");
        assertThat(result.line())
                .isEqualTo("bench broker=sqs workload=latency plain=6.00 waybill=8.00 ratio=0.75 unit=ms-p99");
    }

    @Test
    void theMedianOfAnEvenNumberLiesBetweenTheMiddleTwo() {
        List<Sample> samples = List.of(Sample.of(1), Sample.of(100), Sample.of(4), Sample.of(2));
        assertThat(Sample.median(samples).value()).isEqualTo(3);
    }

    @Test
    void theBodyHoldsItsNumberAsText() {
        for (long value : new long[] {0, -1, Long.MAX_VALUE, 1_234_567_890_123L}) {
            byte[] body = Body.of(value);
            assertThat(body).hasSize(Body.BYTES);
            assertThat(Body.value(Body.bytes(Body.text(body)))).isEqualTo(value);
        }
    }
}
