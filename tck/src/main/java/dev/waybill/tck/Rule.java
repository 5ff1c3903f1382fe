package dev.waybill.tck;

/** The rules, each with its number; {@code docs/GUARANTEES.md} lists them, and each has a test that starts with its name. */
public enum Rule {
    Q1_1("A message arrives with its payload, id, key, headers and time of sending."),
    Q1_2("Each message is handled by exactly one of many consumers."),
    Q1_3("A message that was accepted is not delivered again."),
    Q1_4("A body arrives byte for byte: empty, binary, text, large."),
    Q1_5("Header values, keys and ids arrive whatever characters they have."),
    Q1_6("What a completed send has stored is there after the sender is gone."),
    Q1_7("A message larger than the broker takes fails with TOO_LARGE and is not stored."),
    Q1_8("A send to a queue that does not exist fails and names the queue."),
    Q1_9("A send after close fails with CLOSED."),
    Q1_10("A payload that cannot be encoded fails and sends nothing."),
    Q2_1("A message whose handler throws comes again, counted and flagged as redelivered."),
    Q2_2("A message whose handler asks for a retry comes again, counted and flagged."),
    Q2_3("A released message comes again, flagged, and uncounted where the broker can."),
    Q2_4("What a consumer held when it was closed in mid-work comes to another."),
    Q2_5("A handler that runs three times as long as the lock keeps its message."),
    Q3_1("One producer and one consumer: first in, first out, where the broker gives that."),
    Q4_1("A subscription runs as many handlers at once as its concurrency, and never more."),
    Q4_2("Concurrency goes up and down on a live subscription without loss."),
    Q4_3("Slow work is shared: of two equal consumers each gets at least a quarter."),
    Q4_4("Consumers join and leave without loss."),
    Q5_1("A consumer that is stuck leaves to others what it cannot hold."),
    Q5_2("A producer never has more unanswered sends than its bound."),
    Q5_3("A slow message does not hold up the others."),
    Q6_1("Close waits for running handlers, and what they finished is settled."),
    Q6_2("Close gives back what was not started, uncounted where the broker can, and loses nothing."),
    Q6_3("Pause stops the start of handlers, resume goes on, and nothing is lost."),
    Q9_1("A batch of sends has a result for each message."),
    Q9_2("A batch handler settles each message on its own."),
    Q9_3("A batch handler that throws fails all of its messages."),
    Q9_4("An asynchronous handler settles when its stage completes."),
    Q10_1("After lost connections everything goes on: nothing is lost, and only flagged messages come twice."),
    Q10_2("Messages survive a restart of the broker, and everything goes on."),
    D1_1("After the maximum of deliveries a message is in the dead-letter queue, once, whole, and with the reason."),
    D1_2("A handler can dead-letter a message at once."),
    D1_3("A message that cannot be decoded goes to the dead-letter queue with its bytes, and the consumer goes on."),
    D1_4("A dead-lettered message is no longer in its queue."),
    E1_1("An unknown key is an error that names the key and the nearest known one."),
    E1_2("A wrong value is an error that names the key, the value and what is allowed."),
    E1_3("A broker without adapter is an error that lists the adapters that are there."),
    E2_1("Every capability says how it comes about, or why it is not there."),
    E2_2("A queue that demands what the broker cannot do fails when it is declared."),
    E3_1("A queue can be declared again, and by two at once."),
    E3_2("To verify creates nothing, and names what is missing."),
    E3_3("A queue that differs from its declaration is reported field by field."),
    E4_1("Secrets are in no exception and in no text form."),
    E6_1("Health tells of each connection, producer and subscription."),
    E7_1("JSON, text and bytes arrive as what they were."),
    E8_1("The vendor's client can be had.");

    private final String sentence;

    Rule(String sentence) {
        this.sentence = sentence;
    }

    /** Such as {@code Q1.1}. */
    public String number() {
        return name().replace('_', '.');
    }

    public String sentence() {
        return sentence;
    }
}
