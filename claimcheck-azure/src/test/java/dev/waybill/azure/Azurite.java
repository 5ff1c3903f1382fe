package dev.waybill.azure;

import com.azure.storage.blob.BlobContainerClient;
import com.azure.storage.blob.BlobContainerClientBuilder;
import com.azure.storage.common.StorageSharedKeyCredential;
import com.azure.storage.common.policy.RequestRetryOptions;
import com.azure.storage.common.policy.RetryPolicyType;
import java.time.Duration;

/** How the double of Azure is reached. */
final class Azurite {
    /** Of its usual account; it is the same everywhere, and public. */
    static final String KEY =
            "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    private Azurite() {}

    /** For clients that try once. */
    static BlobContainerClientBuilder client(String uri, String container) {
        return new BlobContainerClientBuilder()
                .endpoint(uri)
                .containerName(container)
                .retryOptions(new RequestRetryOptions(RetryPolicyType.FIXED, 1, (Duration) null, null, null, null));
    }

    static BlobContainerClient withKey(String uri, String container) {
        return client(uri, container)
                .credential(new StorageSharedKeyCredential("devstoreaccount1", KEY))
                .buildClient();
    }
}
