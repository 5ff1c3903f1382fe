package dev.waybill.cli;

import dev.waybill.Health;
import dev.waybill.Waybill;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;

@Command(
        name = "health",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Whether the broker can be reached; ends with 1 if something is not well.")
final class HealthCommand extends BrokerCommand {
    @Override
    int call(Waybill waybill) {
        Health health = waybill.health();
        List<Map<String, Object>> rows = health.components().stream()
                .map(component -> {
                    Map<String, Object> row = OutputOption.row();
                    row.put("kind", component.kind());
                    row.put("name", component.name());
                    row.put("status", component.status());
                    row.put("detail", component.detail());
                    return row;
                })
                .toList();
        output.rows(out(), List.of("kind", "name", "status", "detail"), rows);
        return health.status() == Health.Status.UP ? Main.DONE : Main.NOT_ALL;
    }
}
