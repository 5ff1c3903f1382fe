package dev.waybill.examples.demo;

import dev.waybill.Delivery;
import dev.waybill.PriorityPolicy;
import java.util.concurrent.atomic.AtomicLong;

/** The work on one webhook: what kind of event, in which repository, and the digest. Thread-safe. */
final class WebhookWork {
    private static final String NONE = "(none)";

    private final String consumer;
    private final AtomicLong attempts = new AtomicLong();

    WebhookWork(String consumer) {
        this.consumer = consumer;
    }

    /** @param waitedMillis from its sending to its handler */
    WorkResult on(Delivery<Webhook> delivery, long waitedMillis) {
        Webhook webhook = delivery.payload();
        return new WorkResult(
                delivery.id(),
                consumer + "/" + attempts.incrementAndGet(),
                consumer,
                delivery.redelivered(),
                type(delivery.headers().getOrDefault(FolderSender.FILE, NONE)),
                webhook.json().at("/repository/full_name").asText(NONE),
                Digest.of(webhook.body()),
                webhook.body().length,
                delivery.tier().map(PriorityPolicy.Tier::name).orElse(NONE),
                waitedMillis);
    }

    /** {@code issues.opened.payload.json} is of the type {@code issues}. */
    private static String type(String file) {
        int dot = file.indexOf('.');
        return dot <= 0 ? file : file.substring(0, dot);
    }
}
