package dev.waybill.cli;

import dev.waybill.Queue;
import dev.waybill.Waybill;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
        name = "queues",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "About how many messages and dead letters queues have, as the broker counts.")
final class QueuesCommand extends BrokerCommand {
    @Parameters(arity = "1..*", paramLabel = "QUEUE", description = "The queues' names.")
    private List<String> names = List.of();

    @Mixin
    private DeclarationOptions declaration = new DeclarationOptions();

    @Override
    int call(Waybill waybill) {
        List<Map<String, Object>> rows = new ArrayList<>();
        for (String name : names) {
            Queue<byte[]> queue = declaration.queue(name);
            Map<String, Object> row = OutputOption.row();
            row.put("queue", name);
            row.put("messages", waybill.depth(queue));
            row.put("deadLetters", waybill.deadLetters(queue).count());
            rows.add(row);
        }
        output.rows(out(), List.of("queue", "messages", "deadLetters"), rows);
        return Main.DONE;
    }
}
