package dev.waybill.servers;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import javax.net.ssl.HttpsURLConnection;
import org.jspecify.annotations.Nullable;

/** Asks an end point of Azure Blob Storage for its containers. */
final class AzureProbe {
    private static final int TIMEOUT_MILLIS = 2_000;

    private AzureProbe() {}

    /**
     * Who serves there. That it refuses us, whom it does not know, shows that it serves.
     *
     * @param certificates its own, if it speaks TLS
     */
    static String ask(String uri, @Nullable TestCertificates certificates) throws IOException {
        HttpURLConnection connection =
                (HttpURLConnection) URI.create(uri + "?comp=list").toURL().openConnection();
        try {
            if (certificates != null) {
                ((HttpsURLConnection) connection)
                        .setSSLSocketFactory(certificates.sslContext().getSocketFactory());
            }
            connection.setConnectTimeout(TIMEOUT_MILLIS);
            connection.setReadTimeout(TIMEOUT_MILLIS);
            int status = connection.getResponseCode();
            if (connection.getHeaderField("x-ms-request-id") == null) {
                throw new IOException("ListContainers was answered with status " + status + ", and not by Azure");
            }
            return "Azure Blob Storage by " + connection.getHeaderField("Server");
        } finally {
            connection.disconnect();
        }
    }
}
