package dev.waybill.examples.demo;

/** The consumer that is killed half-way. */
interface Victim extends AutoCloseable {

    String name();

    /** How many messages it has taken and not finished. */
    int held();

    /** Kills it, and says how, in words. */
    String kill();

    /** Kills it if nobody has. */
    @Override
    void close();
}
