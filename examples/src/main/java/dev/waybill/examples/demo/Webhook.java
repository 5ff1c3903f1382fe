package dev.waybill.examples.demo;

import com.fasterxml.jackson.databind.JsonNode;

/** A decoded webhook, with the bytes it came as. */
final class Webhook {
    private final JsonNode json;
    private final byte[] body;

    Webhook(JsonNode json, byte[] body) {
        this.json = json;
        this.body = body;
    }

    JsonNode json() {
        return json;
    }

    byte[] body() {
        return body;
    }
}
