/**
 * Waybill on Amazon SQS, with the AWS SDK for Java 2.
 *
 * <h2>Address</h2>
 *
 * {@code waybill.uri} is {@code sqs://REGION} such as {@code sqs://eu-west-1}, or the {@code http(s)://host:port} of an endpoint
 * that speaks the SQS protocol, with {@code waybill.sqs.region} (by default {@code us-east-1}). Without it the SDK finds the
 * region. {@code waybill.tls.*} need an {@code https} endpoint, or a region's own. {@code waybill.username} and {@code waybill.password} are an access key; without them the SDK's default credential
 * chain is asked. There are no {@code waybill.sqs.native} settings. What is needed of IAM: {@code GetQueueUrl},
 * {@code SendMessage}, {@code ReceiveMessage}, {@code DeleteMessage}, {@code ChangeMessageVisibility}, {@code GetQueueAttributes} to
 * declare, to verify and to count, and {@code CreateQueue} to declare.
 *
 * <h2>Delivery semantics</h2>
 *
 * A queue is a standard queue of the same name, its dead letters go to the standard queue {@code <name>-dlq}; both keep messages
 * for 14 days. A message is locked by its visibility timeout, which is the lock duration in whole seconds, rounded up, and may be
 * extended to 12 hours from its receipt on. SQS's own limit, {@code maxReceiveCount}, is {@code maxDeliveries} and 3 more,
 * of an ordered queue 23, since there each end of a consumer counts against all that it held; it moves a message when it would be received once more. Such a dead letter says that SQS moved it, and from which queue; when, and after how many deliveries,
 * SQS does not tell.
 *
 * <p>A send completes with the response. It is repeated by itself only if SQS throttles it or refuses the clock, so certainly did
 * not store it; a send whose response does not come is reported as maybe stored, since to repeat it could duplicate it.
 *
 * <p>The body travels as text where it is UTF-8 of characters that SQS allows and as base64 else; everything but the body travels
 * in the one message attribute {@code waybill}, since SQS allows ten. SQS takes 1 MiB, counted after that encoding: binary bodies up to
 * about 768 KiB. A message without that attribute comes from other software: it has SQS's id, and its text attributes as
 * headers; binary attributes are not read.
 *
 * <p>A poll waits for messages up to 20 s, or half of the lock if that is less, but at least 1 s, and cannot be called back. What an open poll brings after a pause is kept, its lock
 * extended, until it is received; what it brings after a close is given back at once, which counts as a delivery, and so is what
 * nobody receives for half its lock. If several polls of a queue are open after a close, it is given back when the last of them
 * is answered, since else it might go through all of them, counted each time. The close of a Waybill does not wait for open polls: behind it the connections stay open until they are answered, which does
 * not keep the JVM alive. What SQS hands to a poll that is cut off, because the process ended, comes back when its lock ends. A lock
 * is counted from when the poll was sent; one of a second, which is no longer than the shortest wait, from a quarter of it before the answer.
 *
 * <p>An acknowledgement that comes after the lock's end still deletes the message, unless somebody else has received it since.
 *
 * <h2>Order</h2>
 *
 * A queue that is ordered by key is the FIFO queue {@code <name>.fifo}, its dead letters go to {@code <name>-dlq.fifo}, both with high
 * throughput (deduplication and quota per message group). The message group is the message's key, the deduplication id its id: where
 * these have more than 128 characters or others than printable ASCII, their SHA-256. SQS therefore drops, and confirms, a second send of
 * the same id and key within five minutes; what Waybill itself sends on, to the dead-letter queue or from there, has a deduplication
 * id of its own, so that none of that is dropped. Dead letters are in no order, since whoever looked at one would hide all others of its
 * key; those that SQS itself has moved keep their group. A producer has one request at a time under way, so that none overtakes another;
 * several producers send faster than one.
 *
 * <h2>Priorities</h2>
 *
 * Each level but the lowest has a queue of its own, {@code <name>-waybill-p1} and so on; all share the dead-letter queue.
 *
 * <h2>Delays</h2>
 *
 * SQS waits whole seconds; what it is asked for is rounded up, so a message may come up to a second late and is never early. A send
 * is delayed by its own {@code DelaySeconds}, at most 15 minutes; a message that is to wait longer comes to a consumer in between,
 * which sends it on. A send without a delay says nothing of one, so that a {@code DelaySeconds} of the queue itself holds.
 *
 * <p>A failed message that is to wait goes back with its wait as its visibility timeout: it stays in its queue and counts when it is
 * received again. If that happens within 20 s of its consumer's end, SQS may hand it to a poll that was open then, as it may any
 * other: it counts once more, and if the process has ended too it comes a lock's duration later. SQS ends every lock 12 hours after
 * the receipt, and a settlement may take a lock's duration to be taken; what is to wait longer than that leaves is sent as a delayed
 * copy. Messages that wait so are in flight for SQS, which hands out no others while 120,000 of a queue are; delayed sends are not.
 *
 * <p>SQS does what reaches it last. So a return waits until an extension of the same lock that is under way is answered, and none
 * starts after it. An extension that was never answered can still reach SQS afterwards: then the message comes after a lock's
 * duration instead of its delay. A delayed return that was not answered is repeated only until its delay would have ended, since then
 * another may have the message; if it did not reach SQS either, the message comes when its lock ends.
 *
 * <h2>Capabilities and how they map</h2>
 *
 * Competing consumers, lock expiry and extension are the visibility timeout, the delivery count is
 * {@code ApproximateReceiveCount}, the delivery limit is the redrive policy, a delayed send is {@code DelaySeconds} and a delayed
 * retry the visibility timeout again. Order by key is a FIFO queue. Standard queues keep the order by best effort only, so there is no first in, first out.
 * Every receipt counts as a delivery, so there is no uncounted release. A throttled send is repeated with backoff, which slows the
 * producer once what may be in flight is full.
 *
 * <h2>Types reachable by unwrap</h2>
 *
 * {@link software.amazon.awssdk.services.sqs.SqsClient}.
 */
@NullMarked
package dev.waybill.sqs;

import org.jspecify.annotations.NullMarked;
