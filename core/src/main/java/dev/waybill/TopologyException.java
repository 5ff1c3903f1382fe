package dev.waybill;

import java.util.List;
import java.util.stream.Collectors;

/** What exists on the broker is not what was declared. Change the declaration, or the broker; Waybill changes nothing. */
public final class TopologyException extends WaybillException {
    private static final long serialVersionUID = 1L;

    private final transient List<Difference> differences;

    /**
     * @param object what differs, such as {@code queue 'orders' on RabbitMQ}
     * @param differences at least one
     */
    public TopologyException(String object, List<Difference> differences) {
        super(
                object + " differs from its declaration: "
                        + differences.stream().map(Difference::toString).collect(Collectors.joining("; ")),
                null);
        this.differences = List.copyOf(differences);
    }

    /** Every field that differs. */
    public List<Difference> differences() {
        return differences;
    }

    /**
     * One field that differs.
     *
     * @param field the broker's own name of it, such as {@code x-delivery-limit}
     * @param declared what the declaration makes of it
     * @param actual what exists; {@code none} where there is nothing
     */
    public record Difference(String field, String declared, String actual) {
        @Override
        public String toString() {
            return field + " is declared as " + declared + " but is " + actual;
        }
    }
}
