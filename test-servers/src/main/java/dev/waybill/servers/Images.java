package dev.waybill.servers;

/** The container images of the servers, all in one place. */
final class Images {
    static final String RABBITMQ = "rabbitmq:4.3-management";
    static final String KAFKA = "apache/kafka:4.4.0";
    static final String REDIS = "redis:8";
    static final String AZURITE = "mcr.microsoft.com/azure-storage/azurite:" + AzuriteSettings.VERSION;
    static final String AWS = "localstack/localstack:4";

    private Images() {}
}
