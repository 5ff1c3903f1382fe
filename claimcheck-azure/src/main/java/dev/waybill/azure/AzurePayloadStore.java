package dev.waybill.azure;

import com.azure.core.http.rest.Response;
import com.azure.core.util.Context;
import com.azure.storage.blob.BlobClient;
import com.azure.storage.blob.BlobContainerClient;
import com.azure.storage.blob.batch.BlobBatch;
import com.azure.storage.blob.batch.BlobBatchClient;
import com.azure.storage.blob.batch.BlobBatchClientBuilder;
import com.azure.storage.blob.models.BlobItem;
import com.azure.storage.blob.models.ListBlobsOptions;
import com.azure.storage.blob.options.BlobInputStreamOptions;
import com.azure.storage.common.StorageSharedKeyCredential;
import dev.waybill.claimcheck.PayloadMissingException;
import dev.waybill.claimcheck.PayloadStore;
import dev.waybill.claimcheck.PayloadStoreException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Payloads as block blobs of one container, under one prefix. A payload of up to 8 MiB is one request; of a larger one blocks of 8 MiB are
 * sent while the next is read, and committed at the end. Both are conditional ({@code If-None-Match: *}), so that no blob is ever written
 * over. For each payload that is being written as much of it is in memory, up to 24 MiB, or as {@link Builder#blocksAtOnce} says; for each
 * that is being read, up to 4 MiB, which is what one request fetches. Thread-safe.
 */
public final class AzurePayloadStore implements PayloadStore {
    private static final Pattern PREFIX = Pattern.compile("([A-Za-z0-9._-]+/)*");
    private static final int PIECE = 4 << 20;
    private static final int MOST_DELETED_AT_ONCE = 256;
    private static final int MOST_LISTED_AT_ONCE = 5000;
    private static final int MOST_BLOCKS_AT_ONCE = 64;

    private final String name;
    private final Container container;
    private final BlobBatchClient batches;
    private final @Nullable ValetKeys valetKeys;
    private final int blocksAtOnce;

    private AzurePayloadStore(Builder builder) {
        name = builder.name;
        container = new Container(builder.client, builder.prefix, name);
        batches = new BlobBatchClientBuilder(builder.client).buildClient();
        valetKeys = builder.valetKeys == null ? null : builder.valetKeys.apply(container);
        blocksAtOnce = builder.blocksAtOnce;
    }

    /** Payloads go to this container, which exists, by this client. */
    public static Builder in(BlobContainerClient container) {
        return new Builder(container);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public boolean write(String key, Content content) throws IOException {
        Target target = new Target(
                container,
                container.blob(key).getBlockBlobClient(),
                UUID.randomUUID().toString());
        try (Upload upload = new Upload(target, blocksAtOnce)) {
            content.writeTo(upload);
            return upload.complete();
        }
    }

    @Override
    public InputStream read(String key) throws PayloadMissingException {
        BlobClient blob = container.blob(key);
        try {
            return new Download(blob.openInputStream(new BlobInputStreamOptions().setBlockSize(PIECE)), container, key);
        } catch (RuntimeException failed) {
            if (Container.isAbsent(failed)) {
                throw new PayloadMissingException("'" + key + "' in payload store '" + name + "'");
            }
            throw container.failed("cannot read '" + key + "'", failed);
        }
    }

    @Override
    public boolean exists(String key) {
        BlobClient blob = container.blob(key);
        try {
            blob.getProperties();
            return true;
        } catch (RuntimeException failed) {
            if (Container.isAbsent(failed)) {
                return false;
            }
            throw container.failed("cannot be asked for '" + key + "'", failed);
        }
    }

    @Override
    public void delete(List<String> keys) {
        keys.forEach(PayloadStore::checkedKey);
        Map<String, RuntimeException> refused = new LinkedHashMap<>();
        for (int from = 0; from < keys.size(); from += MOST_DELETED_AT_ONCE) {
            deleteAtOnce(keys.subList(from, Math.min(keys.size(), from + MOST_DELETED_AT_ONCE)), refused);
        }
        if (!refused.isEmpty()) {
            Map.Entry<String, RuntimeException> first =
                    refused.entrySet().iterator().next();
            throw container.failed(
                    "does not delete " + refused.size() + " of " + keys.size() + " blobs, first '" + first.getKey()
                            + "'",
                    first.getValue());
        }
    }

    private void deleteAtOnce(List<String> keys, Map<String, RuntimeException> refused) {
        BlobBatch batch = batches.getBlobBatch();
        List<Response<Void>> answers = keys.stream()
                .map(key -> batch.deleteBlob(container.address() + key))
                .toList();
        container.asking("does not delete", () -> batches.submitBatchWithResponse(batch, false, null, Context.NONE));
        for (int i = 0; i < answers.size(); i++) {
            try {
                answers.get(i).getStatusCode();
            } catch (RuntimeException failed) {
                if (!Container.isAbsent(failed)) {
                    refused.put(keys.get(i), failed);
                }
            }
        }
    }

    @Override
    public List<StoredPayload> list(String after, int limit) {
        ListBlobsOptions options = new ListBlobsOptions()
                .setPrefix(container.prefix())
                .setMaxResultsPerPage(Math.min(MOST_LISTED_AT_ONCE - 1, limit) + 1);
        String last = container.prefix() + after;
        if (!after.isEmpty()) {
            options.setStartFrom(last);
        }
        return container.asking(
                "cannot be listed",
                () -> container.client().listBlobs(options, null).stream()
                        // Where it starts comes with the rest, and all the others where that is not known.
                        .filter(blob ->
                                PayloadStore.isKey(key(blob)) && blob.getName().compareTo(last) > 0)
                        .limit(limit)
                        .map(this::stored)
                        .toList());
    }

    private String key(BlobItem blob) {
        return blob.getName().substring(container.prefix().length());
    }

    private StoredPayload stored(BlobItem blob) {
        return new StoredPayload(
                key(blob),
                blob.getProperties().getContentLength(),
                blob.getProperties().getLastModified().toInstant().toEpochMilli());
    }

    /**
     * A shared access signature for one blob, to be read only, and if the container's client uses HTTPS, by that only; needs
     * {@link Builder#valetKeysByAccountKey} or {@link Builder#valetKeysByDelegation}, by which it lasts at most 6 days.
     */
    @Override
    public Optional<URI> valetKey(String key, Duration validFor) {
        return valetKeys == null ? Optional.empty() : Optional.of(valetKeys.open(key, validFor));
    }

    @Override
    public String toString() {
        return container.toString();
    }

    /** Builds an {@link AzurePayloadStore}; each method checks its value. Not thread-safe. */
    public static final class Builder {
        private final BlobContainerClient client;
        private String name = "azure";
        private String prefix = "waybill/";
        private @Nullable Function<Container, ValetKeys> valetKeys;
        private int blocksAtOnce = 2;

        private Builder(BlobContainerClient client) {
            this.client = Objects.requireNonNull(client, "container");
        }

        /** What references call it, on all processes; by default {@code azure}. */
        public Builder name(String name) {
            this.name = Objects.requireNonNull(name, "name");
            return this;
        }

        /** What the names of its blobs begin with, by default {@code waybill/}; empty or parts that end with a slash. */
        public Builder prefix(String prefix) {
            if (!PREFIX.matcher(prefix).matches() || prefix.contains("./")) {
                throw new IllegalArgumentException("prefix is '" + prefix
                        + "' but must be parts of letters, digits, dots, hyphens and underscores,"
                        + " each with a slash behind");
            }
            this.prefix = prefix;
            return this;
        }

        /**
         * Makes valet keys that are signed with the account's key (service SAS). None can be revoked but by a new key of the account.
         *
         * @throws IllegalArgumentException if the client does not have the account's key
         */
        public Builder valetKeysByAccountKey() {
            if (StorageSharedKeyCredential.getSharedKeyCredentialFromPipeline(client.getHttpPipeline()) == null) {
                throw new IllegalArgumentException(
                        "valet keys are to be signed with the account's key, but the client of container '"
                                + client.getBlobContainerName() + "' does not have it");
            }
            valetKeys = ValetKeys::byAccountKey;
            return this;
        }

        /**
         * Makes valet keys that are signed by delegation (user delegation SAS), so that nobody needs the account's key: the client's
         * identity, of Microsoft Entra ID, is given a key of 7 days, by which its valet keys end at the latest, and after an hour of use
         * another. Who revokes its keys ends all valet keys, and those that are signed until it is given another open nothing.
         */
        public Builder valetKeysByDelegation() {
            valetKeys = ValetKeys::byDelegation;
            return this;
        }

        /**
         * How many blocks of a payload are sent at once, each on a thread that ends with the upload: 1 to 64, by default 2. A payload
         * that is being written takes 8 MiB of memory for each, and for one more that is being filled.
         */
        public Builder blocksAtOnce(int blocks) {
            if (blocks < 1 || blocks > MOST_BLOCKS_AT_ONCE) {
                throw new IllegalArgumentException(
                        "blocksAtOnce is " + blocks + " but must be 1 to " + MOST_BLOCKS_AT_ONCE);
            }
            blocksAtOnce = blocks;
            return this;
        }

        /**
         * Makes it, and asks for the container.
         *
         * @throws PayloadStoreException if there is no such container, or Azure cannot be asked
         */
        public AzurePayloadStore build() {
            AzurePayloadStore store = new AzurePayloadStore(this);
            // Not for the container itself, which may be allowed less often.
            store.list("", 1);
            return store;
        }
    }
}
