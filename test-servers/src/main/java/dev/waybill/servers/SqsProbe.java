package dev.waybill.servers;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Asks an SQS end point for its queues, and for its name. */
final class SqsProbe {
    private static final int TIMEOUT_MILLIS = 2_000;
    private static final Pattern LOCALSTACK_VERSION = Pattern.compile("\"version\": *\"([^\":]+)");

    private SqsProbe() {}

    /** Who serves there, as far as it tells. */
    static String ask(String uri) throws IOException {
        String server = listQueues(uri);
        Optional<String> localStack = localStackVersion(uri);
        return localStack.map(version -> "LocalStack " + version).orElse("SQS by " + server);
    }

    /** The name in the answer's head. */
    static String listQueues(String uri) throws IOException {
        HttpURLConnection connection = open(uri);
        try {
            connection.setRequestMethod("POST");
            connection.setRequestProperty("Content-Type", "application/x-amz-json-1.0");
            connection.setRequestProperty("X-Amz-Target", "AmazonSQS.ListQueues");
            // Doubles that serve several services tell them apart by the scope in here; none checks the signature.
            connection.setRequestProperty(
                    "Authorization",
                    "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0");
            connection.setDoOutput(true);
            connection.getOutputStream().write("{}".getBytes(StandardCharsets.UTF_8));
            int status = connection.getResponseCode();
            String server = connection.getHeaderField("Server");
            // SQS itself refuses us, whom it does not know: it serves all the same.
            if (status != HttpURLConnection.HTTP_OK && status != HttpURLConnection.HTTP_FORBIDDEN) {
                throw new IOException("ListQueues was answered with status " + status);
            }
            return server == null ? "an unnamed server" : server;
        } finally {
            connection.disconnect();
        }
    }

    private static Optional<String> localStackVersion(String uri) throws IOException {
        HttpURLConnection connection = open(uri + "/_localstack/info");
        try {
            if (connection.getResponseCode() != HttpURLConnection.HTTP_OK) {
                return Optional.empty();
            }
            String info = new String(connection.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            Matcher version = LOCALSTACK_VERSION.matcher(info);
            return version.find() ? Optional.of(version.group(1)) : Optional.empty();
        } finally {
            connection.disconnect();
        }
    }

    private static HttpURLConnection open(String uri) throws IOException {
        HttpURLConnection connection =
                (HttpURLConnection) URI.create(uri).toURL().openConnection();
        connection.setConnectTimeout(TIMEOUT_MILLIS);
        connection.setReadTimeout(TIMEOUT_MILLIS);
        return connection;
    }
}
