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
    Q6_4("What a pause finds on its way counts no delivery, however late its turn."),
    Q7_1("A message that comes twice is handled once."),
    Q7_2("A message whose handler failed is free for its next delivery."),
    Q7_3("A message that another consumer has waits, without counting, and is not handled twice."),
    Q7_4("A store that is down stops the handlers, and burns no delivery."),
    Q8_1("A delayed message comes in its time, whole, and not as redelivered."),
    Q8_2("A delayed message holds up no other."),
    Q8_3("Many delayed messages come each once, and none early."),
    Q8_4("To close leaves what waits in its place."),
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
    D2_1("A message whose handler failed waits as the queue's policy says, and its count goes on."),
    D2_2("A message that waits holds up no other."),
    D2_3("A handler can say how long a message is to wait."),
    D2_4("A message that waits survives the end of its consumer, and keeps its count."),
    D2_5("Messages that wait survive a restart of the broker."),
    D2_6("What fails after its retries comes to the dead-letter queue after the maximum of deliveries."),
    D3_1("A failure that is not worth another delivery is dead-lettered at once."),
    D3_2("A failure that is discarded drops the message."),
    D4_1("A dead letter tells what happened to it."),
    D5_1("Dead letters are looked at page by page, and stay where they are."),
    D5_2("Dead letters are found by id, header, error, age and text."),
    D6_1("Redriven messages are handled again, whole, flagged, and once."),
    D6_2("Only what matches is redriven, however many others there are."),
    D6_3("Dead letters can be sent to another queue, so many at most."),
    D6_4("A dry run changes nothing."),
    D6_5("Redrive keeps to its rate."),
    D6_6("What dies again meanwhile is not redriven round and round."),
    D6_7("Purge deletes what was expected, and nothing else."),
    D8_1("A message of other software is handled with its bytes as they are."),
    D8_2(
            "A message whose headers of Waybill are cut or forged goes to the dead-letter queue with its bytes, and the consumer goes on."),
    D8_3("A message of a later version goes to the dead-letter queue whole, and the consumer goes on."),
    D8_4("A message with a header as large as the broker takes comes to the dead-letter queue whole."),
    D9_1("While the dead-letter queue cannot be reached its messages wait, the others do not, and health tells."),
    D9_2("What waits for the dead-letter queue goes back when its consumer closes, and dies with the next."),
    D9_3(
            "What waits for the dead-letter queue at its last delivery survives the close of its consumer, and dies once."),
    B1_1("A breaker by name is one for all consumers that name it, with the settings of the configuration."),
    B1_2("A failure while the breaker stays closed is counted, and dead-lettered after the maximum of deliveries."),
    B2_1(
            "While the breaker is open nothing is handled, however long that is, and nothing goes to the dead-letter queue."),
    B2_2("What the breaker holds is handled later, whole, and no delivery is counted for that."),
    B2_3("Half-open, just the permitted trial calls go through."),
    B2_4("A failed trial does not count against its message."),
    B2_5("Closed again, all handlers go on at once."),
    B2_6("To close while the breaker is open gives back what is held and loses nothing."),
    B3_1("A rate limiter lets only so many messages through in a period, and those that wait keep their lock."),
    B3_2("A bulkhead lets only so many handlers run at once, over all consumers that share it."),
    B3_3("A handler that takes longer than its time limiter allows is interrupted, and its message has failed."),
    P1_1(
            "Messages of a higher level go first, and within a level the one that was sent first, where the broker gives that."),
    P1_2("A message of a high level goes before all that wait in a lower one, however many those are."),
    P1_3("A message keeps its level through retries, into the dead-letter queue, and when it is redriven."),
    P1_4("A send with a level or a tier that the queue does not have fails, and names those that there are."),
    P1_5("What waits in a lower level goes back when the consumer closes, uncounted where the broker can."),
    P2_1("Strict priority starves: while there is enough of a high level nothing of a low one is handled."),
    P2_2(
            "With aging a message is overtaken only by what is sent soon after it, however much there is of a higher level."),
    P2_3("A level has its share, however much there is of a higher one, and others have what it does not need."),
    P2_4("Competing consumers keep the least shares together."),
    P3_1("Tiers come from the configuration, by name, and a delivery tells its own."),
    C1_1("Messages of one key are handled one at a time and in the order of sending, whatever the concurrency."),
    C1_2("Messages of different keys are handled at the same time."),
    C1_3("A message that waits for its next delivery holds up those of its key and no others, and its count goes on."),
    C1_4("When a message goes to the dead-letter queue those of its key go on, and redriven it comes after them."),
    C1_5("Each key is with one of many consumers at a time, and in order, while consumers join and leave."),
    C1_6("After lost connections each key goes on in order, and only flagged messages come twice."),
    C1_7("Close gives back what was not started, and it comes to another in order."),
    C1_8("A message without a key, or with a delay, is refused, and so is a queue that has priorities too."),
    E1_1("An unknown key is an error that names the key and the nearest known one."),
    E1_2("A wrong value is an error that names the key, the value and what is allowed."),
    E1_3("A broker without adapter is an error that lists the adapters that are there."),
    E2_1("Every capability says how it comes about, or why it is not there."),
    E2_2("A queue that demands what the broker cannot do fails when it is declared."),
    E3_1("A queue can be declared again, and by two at once."),
    E3_2("To verify creates nothing, and names what is missing."),
    E3_3("A queue that differs from its declaration is reported field by field."),
    E4_1("Secrets are in no exception and in no text form."),
    E5_1(
            "Headers that an observer adds, and so the trace context, travel with a message, through retries and into the dead-letter queue."),
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
