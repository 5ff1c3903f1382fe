package dev.waybill.examples.demo;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * A decoded webhook.
 *
 * @param json its content
 * @param body the bytes it came as
 */
record Webhook(JsonNode json, byte[] body) {}
