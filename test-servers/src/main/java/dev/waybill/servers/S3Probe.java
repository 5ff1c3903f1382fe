package dev.waybill.servers;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;

/** Asks an S3 end point for its buckets. */
final class S3Probe {
    private static final int TIMEOUT_MILLIS = 2_000;

    private S3Probe() {}

    /** Who serves there, as far as it tells. */
    static String ask(String uri) throws IOException {
        HttpURLConnection connection =
                (HttpURLConnection) URI.create(uri + "/").toURL().openConnection();
        try {
            connection.setConnectTimeout(TIMEOUT_MILLIS);
            connection.setReadTimeout(TIMEOUT_MILLIS);
            // Doubles that serve several services tell them apart by the scope in here; none checks the signature.
            connection.setRequestProperty(
                    "Authorization",
                    "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0");
            int status = connection.getResponseCode();
            // S3 itself refuses us, whom it does not know: it serves all the same.
            if (status != HttpURLConnection.HTTP_OK && status != HttpURLConnection.HTTP_FORBIDDEN) {
                throw new IOException("ListBuckets was answered with status " + status);
            }
            String server = connection.getHeaderField("Server");
            return server == null ? "S3 by an unnamed server" : "S3 by " + server;
        } finally {
            connection.disconnect();
        }
    }
}
