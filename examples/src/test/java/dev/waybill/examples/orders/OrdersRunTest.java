package dev.waybill.examples.orders;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waybill.examples.demo.DemoBroker;
import dev.waybill.examples.demo.DemoException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class OrdersRunTest {
    @TempDir
    Path folder;

    @Test
    void everyOrderOfTheSampleTakesItsPath() throws Exception {
        OrdersReport report;
        try (DemoBroker broker = DemoBroker.inMemory();
                OrderStore store = OrderStore.in(folder)) {
            OrderProcess process = new OrderProcess("orders-test", broker.lock(), Duration.ofSeconds(5));
            report = new OrdersRun(broker, process, store, EventFile.read(Path.of("orders.jsonl"))).run();
        }
        assertThat(report.whole()).isTrue();
        assertThat(report.text())
                .contains(
                        "o-1001  NEW -OrderPlaced-> AWAITING_PAYMENT -PaymentConfirmed-> AWAITING_SHIPMENT -ItemsShipped-> SHIPPED"
                                + " -OrderCompleted-> COMPLETED\n",
                        "o-1003  NEW -OrderPlaced-> AWAITING_PAYMENT -PaymentConfirmed-> AWAITING_SHIPMENT -ItemsShipped-> SHIPPED",
                        "o-1004  NEW -OrderPlaced-> AWAITING_PAYMENT -timeout-> CANCELED\n",
                        "o-1005  NEW -OrderPlaced-> AWAITING_PAYMENT -OrderCanceled-> CANCELED\n",
                        "-PaymentFailed-> AWAITING_PAYMENT -PaymentFailed-> AWAITING_PAYMENT -PaymentFailed-> CANCELED\n",
                        "order o-1004 was not paid in time\n",
                        "26 events sent, 25 different; 7 orders; 2 rejected; 0 lost\n");
    }

    @Test
    void aLineThatIsNoEventIsNamed() throws Exception {
        Path file = folder.resolve("events.jsonl");
        Files.writeString(file, "# a comment\n\n{\"order\": \"o-1\", \"event\": \"Lost\"}\n");
        assertThatThrownBy(() -> EventFile.read(file))
                .isInstanceOf(DemoException.class)
                .hasMessageContaining("events.jsonl, line 3 is no event of an order")
                .hasMessageContaining("Lost");
        Files.writeString(file, "{\"event\": \"OrderCompleted\"}\n");
        assertThatThrownBy(() -> EventFile.read(file))
                .isInstanceOf(DemoException.class)
                .hasMessageContaining("line 1 is no event of an order: message key '' must have 1 to 128 characters");
    }
}
