/**
 * Waybill on RabbitMQ, over AMQP 0-9-1.
 *
 * <p><b>Address.</b> {@code waybill.uri} is {@code amqp://[user:password@]host[:port][,host2[:port]][/vhost]}, or {@code amqps} for TLS; a
 * trailing slash means the virtual host with the empty name. {@code waybill.username} and {@code waybill.password} win over those in the
 * address. By default {@code amqp://guest:guest@localhost}.
 *
 * <p><b>Delivery.</b> A queue is a durable quorum queue of the same name; its dead letters go to the quorum queue {@code <name>.dlq}.
 * A send completes with the broker's confirm. A message is locked to the connection that received it and comes back when that ends.
 * AMQP does not confirm settlements: {@code settled} means written, and if the connection is lost right after, the message comes
 * again with its redelivery flag.
 *
 * <p><b>Capabilities.</b> RabbitMQ 4.3 is the reference: there a returned message ({@code basic.nack}) does not count as a delivery.
 * Before 4.3 it does, so a paused subscription keeps what it has fetched. What a pause gives back comes first and in its order when the
 * only consumer resumes. The delivery limit is the queue's own
 * {@code x-delivery-limit}.
 *
 * <p><b>Types by unwrap.</b> {@link com.rabbitmq.client.Connection}: the connection that consumes.
 */
@NullMarked
package dev.waybill.rabbitmq;

import org.jspecify.annotations.NullMarked;
