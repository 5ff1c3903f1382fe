/**
 * Waybill on Amazon SQS, with the AWS SDK for Java 2.
 *
 * <h2>Address</h2>
 *
 * {@code waybill.uri} is {@code sqs://REGION} such as {@code sqs://eu-west-1}, or the {@code http(s)://host:port} of an endpoint
 * that speaks the SQS protocol, with {@code waybill.sqs.region} (by default {@code us-east-1}). Without it the SDK finds the
 * region. {@code waybill.username} and {@code waybill.password} are an access key; without them the SDK's default credential
 * chain is asked. There are no {@code waybill.sqs.native} settings. What is needed of IAM: {@code GetQueueUrl},
 * {@code SendMessage}, {@code ReceiveMessage}, {@code DeleteMessage}, {@code ChangeMessageVisibility}, {@code GetQueueAttributes} to
 * verify and {@code CreateQueue} to declare.
 *
 * <h2>Delivery semantics</h2>
 *
 * A queue is a standard queue of the same name, its dead letters go to the standard queue {@code <name>-dlq}; both keep messages
 * for 14 days. A message is locked by its visibility timeout, which is the lock duration in whole seconds, rounded up, and may be
 * extended to 12 hours from its receipt on. Where SQS's own limit moves a message to the dead letters it does so when the message
 * would be received once more.
 *
 * <p>A send completes with the response. It is repeated by itself only if SQS throttles it or refuses the clock, so certainly did
 * not store it; a send whose response does not come is reported as maybe stored, since to repeat it could duplicate it.
 *
 * <p>The body travels as text where it is UTF-8 of characters that SQS allows and as base64 else; everything but the body travels
 * in the one message attribute {@code waybill}, since SQS allows ten. SQS takes 1 MiB, counted after that encoding: binary bodies up to
 * about 768 KiB. A message without that attribute comes from other software: it has SQS's id, and its text attributes as
 * headers; binary attributes are not read.
 *
 * <p>A poll waits for messages up to 20 s and cannot be called back. What an open poll brings after a pause or a close is given
 * back at once, which counts as a delivery; the same holds if nobody receives it for half its lock. What SQS hands to a poll that
 * is cut off, because the broker or the process ended, comes back when its lock ends. A lock is counted from when the poll
 * was sent or from a quarter of the lock before its answer, whichever is later.
 *
 * <p>An acknowledgement that comes after the lock's end still deletes the message, unless somebody else has received it since.
 *
 * <h2>Capabilities and how they map</h2>
 *
 * Competing consumers, lock expiry and extension are the visibility timeout, the delivery count is
 * {@code ApproximateReceiveCount}, the delivery limit is the redrive policy. Standard queues keep the order by best effort
 * only, so there is no first in, first out. Every receipt counts as a delivery, so there is no uncounted release. A throttled
 * send is repeated with backoff, which slows the producer once what may be in flight is full.
 *
 * <h2>Types reachable by unwrap</h2>
 *
 * {@link software.amazon.awssdk.services.sqs.SqsClient}.
 */
@NullMarked
package dev.waybill.sqs;

import org.jspecify.annotations.NullMarked;
