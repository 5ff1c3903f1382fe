/**
 * Waybill on Amazon SQS, with the AWS SDK for Java 2.
 *
 * <p><b>Address.</b> {@code waybill.uri} is {@code sqs://REGION} such as {@code sqs://eu-west-1}, or the {@code http(s)://host:port} of an
 * endpoint that speaks the SQS protocol, with {@code waybill.sqs.region} (by default {@code us-east-1}). Without it the SDK finds the region.
 * {@code waybill.username} and {@code waybill.password} are an access key; without them the SDK's default credential chain is asked.
 *
 * <p><b>Delivery.</b> A queue is a standard queue of the same name, its dead letters go to the standard queue {@code <name>-dlq}. A send
 * completes with the response. A message is locked by its visibility timeout, which the lock duration sets in whole seconds. The
 * body travels as text where SQS allows it and as base64 else; everything but the body travels in the one message attribute
 * {@code waybill}, since SQS allows ten.
 *
 * <p><b>Capabilities.</b> Standard queues give no order, and every return of a message counts as a delivery. A send whose response does
 * not come is never repeated, since a repeated one duplicates: it is reported as unknown.
 *
 * <p><b>Types by unwrap.</b> {@link software.amazon.awssdk.services.sqs.SqsClient}.
 */
@NullMarked
package dev.waybill.sqs;

import org.jspecify.annotations.NullMarked;
