package dev.waybill.cli;

import dev.waybill.Capabilities;
import dev.waybill.Capability;
import dev.waybill.Waybill;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;

@Command(
        name = "capabilities",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "What the broker can do at its version: natively, by emulation, or not.")
final class CapabilitiesCommand extends BrokerCommand {
    @Override
    int call(Waybill waybill) {
        Capabilities capabilities = waybill.capabilities();
        List<Map<String, Object>> rows = new ArrayList<>();
        for (Capability capability : Capability.values()) {
            Map<String, Object> row = OutputOption.row();
            row.put("capability", capability);
            row.put("level", capabilities.support(capability).level());
            row.put("note", capabilities.support(capability).note());
            rows.add(row);
        }
        if (!output.json()) {
            out().println(capabilities.broker());
        }
        output.rows(out(), List.of("capability", "level", "note"), rows);
        return Main.DONE;
    }
}
