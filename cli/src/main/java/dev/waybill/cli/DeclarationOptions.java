package dev.waybill.cli;

import dev.waybill.Codec;
import dev.waybill.Queue;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How the application declares a queue, as far as that says where its messages are. */
final class DeclarationOptions {
    @Option(names = "--ordered", description = "The queue is declared ordered by key.")
    private boolean ordered;

    @Option(
            names = "--priorities",
            paramLabel = "N|NAME",
            description =
                    "The queue is declared with so many levels, of which the higher always goes first, or with the "
                            + "priorities that configuration has under this name: --set waybill.priorities.NAME.levels=3 and, "
                            + "if it has aging or shares, those as well.")
    private @Nullable String priorities;

    Queue<byte[]> queue(String name) {
        return queue(name, ordered, priorities);
    }

    /** @param priorities how many levels, or a name; null for none */
    static Queue<byte[]> queue(String name, boolean ordered, @Nullable String priorities) {
        Queue.Builder<byte[]> queue = Queue.named(name, Codec.bytes());
        if (ordered) {
            queue.orderedByKey();
        }
        if (priorities != null && priorities.matches("[0-9]{1,9}")) {
            queue.priorities(Integer.parseInt(priorities));
        } else if (priorities != null) {
            queue.priorities(priorities);
        }
        return queue.build();
    }
}
