package dev.waybill;

/** What Waybill does about queues on the broker: {@code waybill.topology}. */
public enum TopologyMode {
    /** Create what is missing; fail if what exists differs. */
    DECLARE,
    /** Create nothing; fail if something is missing or differs. */
    VERIFY,
    /** Neither create nor look. */
    OFF
}
