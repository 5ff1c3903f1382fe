package dev.waybill.examples.demo;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import dev.waybill.Codec;
import java.io.IOException;

/**
 * Reads a webhook's JSON and keeps the bytes, which the digest is taken of. What it refuses, Waybill moves to the dead-letter
 * queue by itself.
 */
final class WebhookCodec implements Codec<Webhook> {
    private static final ObjectReader READER =
            new ObjectMapper().reader().with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    @Override
    public byte[] encode(Webhook webhook) {
        return webhook.body();
    }

    @Override
    public Webhook decode(byte[] body) throws IOException {
        JsonNode json;
        try {
            json = READER.readTree(body);
        } catch (JsonProcessingException broken) {
            JsonLocation at = broken.getLocation();
            String where = at == null ? "" : " at line " + at.getLineNr() + ", column " + at.getColumnNr();
            String why = broken instanceof JsonEOFException
                    ? "it ends too early"
                    : firstSentence(broken.getOriginalMessage());
            throw new IOException(why + where, broken);
        }
        if (json.isMissingNode()) {
            throw new IOException("there is nothing in it");
        }
        return new Webhook(json, body);
    }

    boolean decodes(byte[] body) {
        try {
            decode(body);
            return true;
        } catch (IOException broken) {
            return false;
        }
    }

    /** Jackson adds where an object began and which words it knows. */
    private static String firstSentence(String message) {
        int end = message.indexOf(" (");
        return end < 0 ? message : message.substring(0, end);
    }

    @Override
    public String contentType() {
        return "application/json";
    }
}
