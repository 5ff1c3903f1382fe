package dev.waybill.servers;

import java.util.List;

/** What Azurite is, and how it is to be. */
final class AzuriteSettings {
    static final String VERSION = "3.37.0";

    /** In the path of its addresses, and of which the key is known to all. */
    static final String ACCOUNT = "/devstoreaccount1";

    private AzuriteSettings() {}

    /** Arguments. The client library may be newer than what it knows. */
    static List<String> usual() {
        return List.of("--skipApiVersionCheck", "--disableProductStyleUrl", "--disableTelemetry", "--silent");
    }
}
