package dev.waybill.azure;

import com.azure.storage.blob.BlobClient;
import com.azure.storage.blob.models.UserDelegationKey;
import com.azure.storage.blob.sas.BlobSasPermission;
import com.azure.storage.blob.sas.BlobServiceSasSignatureValues;
import com.azure.storage.common.sas.SasProtocol;
import dev.waybill.claimcheck.PayloadStoreException;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** Makes valet keys: addresses with a shared access signature that allows to read one blob, and nothing else. Thread-safe. */
final class ValetKeys {
    /** By what two clocks may differ. */
    private static final Duration SKEW = Duration.ofMinutes(15);

    /** Less than the 7 days that Azure allows. */
    private static final Duration DELEGATION = Duration.ofDays(7).minusHours(1);

    private static final Duration LONGEST = Duration.ofDays(6);

    /** So long after it was given a delegation signs: if it is revoked, nobody tells, and what it signs then opens nothing. */
    private static final Duration SERVES = Duration.ofHours(1);

    private final Container container;
    private final boolean delegated;
    private final InstantSource clock;
    private final Lock lock = new ReentrantLock();
    private @Nullable UserDelegationKey delegation;
    private OffsetDateTime delegatedAt = OffsetDateTime.MIN;

    private ValetKeys(Container container, boolean delegated, InstantSource clock) {
        this.container = container;
        this.delegated = delegated;
        this.clock = clock;
    }

    /** Signs with the account's key, which the client has. */
    static ValetKeys byAccountKey(Container container) {
        return new ValetKeys(container, false, InstantSource.system());
    }

    /** Signs with keys that Azure gives to the client's identity, of which there is a new one each hour. */
    static ValetKeys byDelegation(Container container) {
        return byDelegation(container, InstantSource.system());
    }

    static ValetKeys byDelegation(Container container, InstantSource clock) {
        return new ValetKeys(container, true, clock);
    }

    /** @throws IllegalArgumentException if it cannot be valid for so long */
    URI open(String key, Duration validFor) {
        BlobClient blob = container.blob(key);
        if (delegated && validFor.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException(
                    "a valet key is to last " + validFor + " but by delegation it can be at most " + LONGEST);
        }
        OffsetDateTime expiry = now().plus(validFor);
        BlobServiceSasSignatureValues values =
                new BlobServiceSasSignatureValues(expiry, new BlobSasPermission().setReadPermission(true));
        if (container.address().startsWith("https:")) {
            values.setProtocol(SasProtocol.HTTPS_ONLY);
        }
        String query =
                delegated ? blob.generateUserDelegationSas(values, delegation(expiry)) : blob.generateSas(values);
        // The client's own address of a blob has its slashes escaped.
        return URI.create(container.address() + key + "?" + query);
    }

    private UserDelegationKey delegation(OffsetDateTime until) {
        try {
            lock.lockInterruptibly();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new PayloadStoreException(
                    container + " gives no key for delegation: who waited for it was interrupted", interrupted);
        }
        try {
            UserDelegationKey key = delegation;
            OffsetDateTime now = now();
            if (key == null
                    || key.getSignedExpiry().isBefore(until)
                    || !delegatedAt.plus(SERVES).isAfter(now)) {
                key = container.asking(
                        "gives no key for delegation",
                        () -> container
                                .client()
                                .getServiceClient()
                                .getUserDelegationKey(now.minus(SKEW), now.plus(DELEGATION)));
                delegation = key;
                delegatedAt = now;
            }
            return key;
        } finally {
            lock.unlock();
        }
    }

    private OffsetDateTime now() {
        return clock.instant().atOffset(ZoneOffset.UTC);
    }
}
