/**
 * Waybill on Apache Kafka, by share groups (KIP-932) with explicit acknowledgement. Needs Kafka 4.2 with {@code share.version} 1
 * or higher; 4.4 with {@code share.version} 2 for dead letters that the broker makes. The public class is
 * {@link dev.waybill.kafka.KafkaBrokerProvider}.
 *
 * <h2>Address</h2>
 * {@code waybill.uri} is {@code kafka://host:port,host:port}, the bootstrap servers, or {@code kafkas://} for TLS; by default
 * {@code kafka://localhost:9092}. {@code waybill.username} and {@code waybill.password} mean SASL with SCRAM-SHA-256, which
 * tells the password to nobody; {@code waybill.kafka.native.sasl.mechanism} chooses {@code PLAIN} or {@code SCRAM-SHA-512}, and
 * {@code waybill.kafka.native.sasl.jaas.config} anything else. {@code waybill.tls.*} need {@code kafkas://}.
 *
 * <p>Keys under {@code waybill.kafka.}:
 * <ul>
 *   <li>{@code partitions}: of a queue's topic. Left out, a topic is created with one, that of an ordered queue with eight, and any
 *       number is accepted.
 *   <li>{@code replication-factor}: left out, the broker's default, and any is accepted.
 *   <li>{@code retention}: how long a topic keeps a message, read or not, as an ISO-8601 duration or {@code unlimited}. Left out,
 *       a topic is created with {@code P14D}, and any is accepted. Kafka does not delete what was acknowledged, so unlimited
 *       fills the disk; dead-letter topics are created unlimited all the same.
 *   <li>{@code max-message-bytes}: the largest message; left out, what the broker's {@code message.max.bytes} leaves.
 *   <li>{@code share-consumers}: how many share consumers one receiver may have, 2 to 200, by default 32; see below. All of a
 *       group together are bounded by the broker's {@code group.share.max.size}, 200 by default.
 *   <li>{@code native.*}: any setting of Kafka's producer, consumer and admin client but those that the promises rest on.
 * </ul>
 *
 * <h2>On the broker</h2>
 * Queue {@code orders} is topic {@code orders}, read by share group {@code waybill-orders}; its dead letters are topic
 * {@code dlq.orders} (the prefix is the broker's {@code errors.deadletterqueue.topic.name.prefix}), read by share group
 * {@code waybill-orders.dlq}. Declaring sets on the group {@code share.auto.offset.reset=earliest}, the lock duration, a delivery
 * limit of {@code maxDeliveries} and 3 more, or the highest that the broker allows, the dead-letter topic and
 * {@code share.isolation.level=read_committed}, before anything consumes; these are compared ever after. It also sets, where the group has no value of its own, {@code share.assignment.interval.ms=0}, without which
 * a consumer waits 5 s for its first message, and the highest {@code share.partition.max.record.locks} that the broker allows. A
 * group or topic that exists is never changed.
 *
 * <p>With priorities each level but the lowest has a topic of its own, {@code orders.p1} and so on, a share group
 * {@code waybill-orders.p1}, and delay topics, {@code orders.p1.delay-0}; all levels share the dead letters.
 *
 * <h2>Delivery semantics</h2>
 * <ul>
 *   <li>At least once. {@code acks=all} and an idempotent producer: stored in order, and a retry within the producer duplicates
 *       nothing. A send that timed out or lost its connection may have been stored, and says so, unless it never left the
 *       producer. A topic that does not exist is not created by sending to it.
 *   <li>A topic of one partition is first in, first out; of several, each partition is. More partitions also mean that a slow
 *       message may hold up others of its partition until another share consumer has joined, some 50 ms.
 *   <li>The message is the record's value, its key the record's key, all else a header in UTF-8: {@code waybill-id},
 *       {@code waybill-content-type}, {@code waybill-sent-at}, and the message's own. A record without {@code waybill-id} is other
 *       software's: its id is {@code topic-partition-offset}.
 *   <li>A lock is counted from at most a second, or an eighth of the lock, before the record arrived. When nobody extends it
 *       in time the message is given back, even if others of the same poll are extended. An acknowledgement that the broker
 *       refused or did not answer is reported lost: the client cannot repeat it, and a connection that breaks gives up its
 *       locks.
 *   <li>Every delivery counts, so giving back counts too, and so does what closing gives back. {@code pause} therefore keeps what
 *       was fetched and renews its locks. A share consumer that waits for records when it is paused takes the next that come, at
 *       most one poll.
 *   <li>What the broker itself dead-letters carries {@code __dlq.errors.*} headers; it copies key and body only, and the
 *       message's own headers are read from the original record, as long as its topic retains it. A dead letter that was
 *       delivered as often as a group may (10, or the broker's {@code group.share.max.delivery.count.limit}) goes to the end of the
 *       dead-letter topic and comes again, with its count going on: it is not lost by being looked at.
 *   <li>The broker forgets the deliveries under way of a partition that gets another leader, and of a group whose last share
 *       session on that broker breaks: these come again counted from one. They carry the redelivery flag all the same, with
 *       one exception: after a break, what another process had held.
 *   <li>Retention applies to unread messages too: what waits longer is gone.
 * </ul>
 *
 * <h2>Delayed messages</h2>
 * Kafka has no delay, so what is to wait is written to a delay topic: {@code orders.delay-0} for 128 ms, {@code orders.delay-1} for
 * 256 ms, and so on to {@code orders.delay-15} for 70 minutes. All records of one topic come due in the order of its log. Each
 * process that receives from {@code orders} runs a pump, one thread however many receivers, which is a member of consumer group
 * {@code waybill-orders.delay}; it reads the topics and moves each record whose time has come to the topic for the rest of its wait,
 * or to {@code orders}, into the partition of its key. What waits longer than 70 minutes passes through the last topic as often as it
 * takes.
 * <ul>
 *   <li>A message is moved exactly once, by a transaction of what is written and what was read (KIP-447), and arrives as it
 *       was sent, at its first delivery. Whatever fails, the pump starts over from what was committed, and
 *       {@link dev.waybill.Health} says so.
 *   <li>It is never early: its wait begins when a broker has stored it, and ends by the clock of that broker, which the pump asks for.
 *       The clocks of processes do not matter. It is late by some ms a step, and by up to 0.3 s more when others of the same
 *       topic stand before it. Each step writes it once more: a wait of 1 s takes one, a random one about half as many as it has
 *       topics below it.
 *   <li>Declaring makes the topics that the queue's retry policy can need, of one partition each, with the broker's time as their
 *       timestamp and unlimited retention; a sender that needs a longer wait makes the further ones, unless the queue was not
 *       declared but verified: then such a send is unroutable. Other processes notice new topics within a second. What was moved on
 *       is deleted; where the process may not do that, set a retention, and keep {@code offsets.retention.minutes} longer than no
 *       process runs.
 *   <li>When a process dies, what it would have moved waits until the group has noticed it: 10 s, or what
 *       {@code group.consumer.min.session.timeout.ms} allows (45 s by default, on the broker). A transaction that it leaves
 *       open holds up new messages of the queue for 10 s at most ({@code native.transaction.timeout.ms}). Nothing moves
 *       while no process receives.
 *   <li>A broker that is killed may forget a transaction that its logs hold open (seen with 4.4.0), which holds up the queue until
 *       the pump has ended it. What was the transaction of a process that died with the broker,
 *       {@code kafka-transactions.sh find-hanging} finds, and {@code abort} ends.
 *   <li>The process needs to be allowed to write to, read and delete records of the delay topics, and to use transactional ids that
 *       begin with {@code waybill-orders.delay-}.
 * </ul>
 *
 * <h2>Order by key</h2>
 * A queue that is ordered by key is the topic of its name too, but read by the consumer group {@code waybill-orders.ordered}
 * ({@code group.protocol=consumer}), since a share group keeps no order. The partition is that of the record's key, so as many processes
 * as there are partitions share the work; within a partition, keys are handled side by side. To give a topic more partitions leads keys
 * elsewhere: let it run empty first. What was sent before a queue was ordered is read once more by the new group.
 * <ul>
 *   <li>The group is told the lowest offset that is not finished, and in the metadata beside it which above are, and below which offset
 *       records may have been handed over. So a message that waits holds nothing back but its key, and after a crash only what was not
 *       told, at most a tenth of a second of work, is handled twice. If that metadata would get longer than the broker takes
 *       ({@code offset.metadata.max.bytes}), the partition waits until the gaps close.
 *   <li>After a crash all up to 50,000 records from there on carry the redelivery flag, since any of them may have been handed over; after
 *       an orderly end just those that were.
 *   <li>Kafka counts no deliveries of a consumer group. Tries are counted in the process; a message that its process dies of is counted
 *       while it is the lowest that is not finished, by each who takes over, and goes to the dead-letter queue after
 *       {@code maxDeliveries}. Others that were in hand at a crash are at their second delivery.
 *   <li>A partition goes to another process when nothing of it is being handled any more, or after two minutes; from a process that died
 *       when the group has noticed it: 10 s, or what {@code group.consumer.min.session.timeout.ms} allows (45 s by default).
 *   <li>A handler that hangs keeps its key, and its partition: no lock ends by time.
 * </ul>
 *
 * <h2>Share consumers and prefetch</h2>
 * A share consumer cannot fetch while it holds anything. So a receiver starts with two, one fetching while the messages of the
 * other are handled, and adds one whenever all hold slow messages and there is room in the prefetch; it lets them go after a
 * minute without use. Each has two threads and its own connections. A poll asks for half of the prefetch, at most 500. With a
 * prefetch of 128 or more it takes whole record batches ({@code share.acquire.mode=batch_optimized}), which is several times as
 * fast, and can exceed that by one batch of the producer's; below, never more than asked ({@code record_limit}). A poll begins
 * only while less than the prefetch is held, so a receiver holds at most the prefetch and one poll; with several partitions, the
 * prefetch and one poll of each share consumer.
 *
 * <h2>Capabilities and how they map</h2>
 * All are native but {@link dev.waybill.Capability#PRIORITY}, {@link dev.waybill.Capability#DELAYED_SEND} and
 * {@link dev.waybill.Capability#DELAYED_RETRY}, which are emulated; {@link dev.waybill.Capability#UNCOUNTED_RELEASE}, which Kafka does not have;
 * {@link dev.waybill.Capability#FIFO}, unsupported if {@code waybill.kafka.partitions} is more than 1; and
 * {@link dev.waybill.Capability#DELIVERY_LIMIT}, unsupported below {@code share.version} 2: such a server drops what reaches the
 * limit, so the limit is set to the highest that it allows. The notes of {@link dev.waybill.Capabilities} name the constructs.
 *
 * <h2>Types reachable by unwrap</h2>
 * {@link org.apache.kafka.clients.admin.Admin}. Producers and share consumers are not handed out: they belong to one thread or to
 * one sender.
 */
@NullMarked
package dev.waybill.kafka;

import org.jspecify.annotations.NullMarked;
