package dev.waybill.examples.orders;

import dev.waybill.DeadLetter;
import dev.waybill.Message;
import dev.waybill.convoy.ConvoyDetails;
import dev.waybill.convoy.ConvoyFilter;
import dev.waybill.convoy.ConvoyOperations;
import dev.waybill.convoy.HeldMessage;
import dev.waybill.convoy.HistoryEntry;
import dev.waybill.convoy.StoredConvoy;
import dev.waybill.examples.demo.TextTable;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What became of the orders.
 *
 * @param orders all that is known of each
 * @param sent how many events were sent, and how many different ones
 * @param dead what was rejected
 * @param lost events of which nothing is known
 * @param killed what was done half-way
 */
record OrdersReport(
        List<ConvoyDetails> orders,
        int sent,
        int distinct,
        List<DeadLetter> dead,
        List<String> lost,
        List<String> mails,
        String killed) {
    private static final int MOST = 10_000;

    static OrdersReport of(
            ConvoyOperations operations,
            List<Message<OrderEvent>> events,
            List<DeadLetter> dead,
            List<String> mails,
            String killed) {
        List<ConvoyDetails> orders = new ArrayList<>();
        Set<String> found = new HashSet<>();
        for (StoredConvoy order : operations.list(ConvoyFilter.all(), "", MOST)) {
            ConvoyDetails details = operations.show(order.key());
            orders.add(details);
            details.history().forEach(entry -> found.add(entry.messageId()));
            details.held().stream().map(HeldMessage::messageId).forEach(found::add);
        }
        dead.forEach(letter -> found.add(letter.id()));
        List<String> ids = events.stream().map(Message::id).distinct().toList();
        return new OrdersReport(
                orders,
                events.size(),
                ids.size(),
                dead,
                ids.stream().filter(id -> !found.contains(id)).toList(),
                mails,
                killed);
    }

    boolean whole() {
        return lost.isEmpty();
    }

    private static String path(ConvoyDetails order) {
        List<HistoryEntry> history = order.history();
        StringBuilder path = new StringBuilder(
                history.isEmpty() ? order.convoy().state() : history.get(0).from());
        for (HistoryEntry entry : history) {
            path.append(" -").append(entry.event()).append("-> ").append(entry.to());
        }
        return path.toString();
    }

    String text() {
        StringBuilder out = new StringBuilder();
        out.append("Half-way ").append(killed).append("; another went on.\n\nPaths\n");
        for (ConvoyDetails order : orders) {
            out.append("  ").append(order.convoy().key()).append("  ").append(path(order));
            order.held().forEach(held -> out.append(", holds ").append(held.type()));
            out.append('\n');
        }
        out.append('\n');
        TextTable rejected = new TextTable("Rejected, in the dead-letter queue", "id", "reason");
        dead.forEach(letter -> rejected.row(letter.id(), letter.reason()));
        rejected.appendTo(out);
        TextTable sentMails = new TextTable("Mails", "text");
        mails.stream().distinct().sorted().forEach(sentMails::row);
        sentMails.appendTo(out);
        out.append(sent)
                .append(" events sent, ")
                .append(distinct)
                .append(" different; ")
                .append(orders.size())
                .append(" orders; ")
                .append(dead.size())
                .append(" rejected; ")
                .append(lost.size())
                .append(" lost")
                .append(lost.isEmpty() ? "" : ": " + lost)
                .append('\n');
        return out.toString();
    }
}
