package dev.waybill.convoy;

/**
 * Turns what an earlier version of a state machine has stored into what this version stores. From
 * each version to the next, so that one that is two behind is migrated twice.
 */
@FunctionalInterface
public interface Migration {

    /**
     * Makes the next version.
     *
     * @param old as the version {@code old.version()} has stored it
     * @return as the next version would have stored it
     */
    Stored migrate(Stored old) throws Exception;

    /**
     * What is stored of a convoy.
     *
     * @param version of the state machine that stored it
     * @param state the name of the state
     * @param data what the convoy remembers, as that version's codec has encoded it
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Stored(int version, String state, byte[] data) {}
}
