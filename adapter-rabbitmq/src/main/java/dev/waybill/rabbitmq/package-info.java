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
 * <p><b>Delays.</b> A message that is to wait passes through some of the queues {@code waybill.delay-0} to {@code -19}, which all queues
 * of the virtual host share: each keeps what it gets for 100 ms times a power of two and dead-letters it to the next one that the
 * message needs, the last to the exchange {@code waybill.due} and so to its queue. It comes no earlier than asked, and at most 100 ms and
 * 1 % later, plus what the servers take for the up to eight steps; a quorum queue's leader that moves to a server with another clock
 * shifts it by the difference. The longest step is a day; for more, the message comes in between. Nothing may be published to these
 * exchanges by others. What is due for a queue that was deleted meanwhile is kept in the queue {@code waybill.undeliverable}. The user
 * needs the permissions to configure, write and read {@code waybill\..*}, whether or not anything is delayed. To verify finds queues and
 * exchanges that are missing or differ; bindings AMQP cannot show: where the queue's own is missing at {@code waybill.delay}, a delayed
 * send is unroutable.
 *
 * <p>A server that dies after it has passed a message to the next step may pass it on again when it is back. Nothing says so, so what
 * leaves the delays three seconds late or more, by the server's clock against the sender's, is flagged as redelivered. (A leader that
 * moves in less time than that may bring a second copy without a flag.) A server that keeps its metadata in Mnesia, as those before 4.3
 * do by default, knows no bindings yet while it starts; what expires then it tries again after three minutes
 * ({@code dead_letter_worker_publisher_confirm_timeout} of the application {@code rabbit}), and what comes behind may wait as long.
 *
 * <p><b>Dead letters.</b> What the server itself moved, after the last delivery for the most part, tells what {@code x-death} knows: the
 * reason, the queue, the time in whole seconds, and after {@code delivery_limit} the number of deliveries that the queue was declared
 * with, unless the server shows that a policy has lowered it, which it does from 4.3 on.
 *
 * <p><b>Retries.</b> On 4.3, where the retry policy is fixed or linear, without jitter and of at most a minute, the queue itself makes what
 * failed wait ({@code x-delayed-retry-*}). It then also makes wait what a lost connection held, and what is to come again at once; what is
 * given back untried is not. A queue's policy can then not be changed without declaring the queue anew. All other policies, and all before
 * 4.3, are carried out by delayed copies.
 *
 * <p><b>Priorities.</b> On 4.3, where they are strict, one queue has the AMQP priorities 0 to 31, and what was delayed is due in
 * {@code <name>:due}, from which consumers send it on; else each level but the lowest has a queue, {@code <name>:p1} and so on. On 4.3
 * consumers of these ask the server for a {@code x-consumer-timeout} of 24 days.
 *
 * <p><b>Order by key.</b> A queue that is ordered by key is spread over the quorum queues {@code <name>.0} and so on,
 * {@code waybill.rabbitmq.partitions} of them (16), each with a single active consumer. The exchange {@code <name>.partitions} leads a
 * message there by its key. With {@code waybill.rabbitmq.partitioner = client}, the default, it is a direct exchange, and the routing key
 * is the CRC-32 of the key's UTF-8, as an unsigned number, modulo the number of partitions, in decimal digits; other software must do the
 * same. With {@code exchange} it is a consistent-hash exchange, which needs the plugin {@code rabbitmq_consistent_hash_exchange}; the
 * routing key is the message's key, or where that is longer than 255 bytes in UTF-8 their SHA-256 in hexadecimal digits, or empty where
 * there is none. But 4.0.5, which keeps its metadata in Mnesia, led keys to other partitions after it was restarted (4.3.6 did not), so
 * that what is sent then may overtake what was sent before.
 * Both settings must be the same wherever a queue is used, and stay as they are while it has messages; another number, or another
 * partitioner, is an error when the queue is declared.
 *
 * <p>Each receiver stands in line for all partitions; the server makes the first in line the active one. A receiver that has more than its
 * share of those in which messages come lets some go, every few seconds, to the next in line, when nothing of them is being handled any
 * more. (Preferences, {@code x-priority}, would spread them sooner, but have no effect before 4.0, and 4.3.6 may leave a partition with
 * a consumer that is gone if one that was preferred to it waited for it when it died.) When a subscription ends, or its connection, or
 * it lets a partition go, what it had fetched and not settled comes to the next in order. This counts as a delivery for the server, on
 * 4.3 too, of what nobody has tried as well: so a count of the server's is told as a repetition only, the server's limit is 20 above
 * {@code maxDeliveries}, and at most 64 messages of a partition are fetched ahead. To cancel a consumer or to return messages one by one
 * would not count, but lets later ones overtake them.
 *
 * <p><b>Types by unwrap.</b> {@link com.rabbitmq.client.Connection}: the connection that consumes.
 */
@NullMarked
package dev.waybill.rabbitmq;

import org.jspecify.annotations.NullMarked;
