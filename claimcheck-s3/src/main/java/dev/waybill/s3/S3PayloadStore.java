package dev.waybill.s3;

import dev.waybill.claimcheck.PayloadMissingException;
import dev.waybill.claimcheck.PayloadStore;
import dev.waybill.claimcheck.PayloadStoreException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.DeleteObjectsResponse;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Request;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.NoSuchBucketException;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.ObjectIdentifier;
import software.amazon.awssdk.services.s3.model.S3Object;
import software.amazon.awssdk.services.s3.presigner.S3Presigner;

/**
 * Payloads as objects of one bucket, under one prefix. A payload of up to 16 MiB is one request, a larger one an upload in parts of 8 MiB,
 * which are sent while the next is read; if one fails, the upload is aborted. Both are conditional ({@code If-None-Match: *}), so that no
 * object is ever written over. For each payload that is being written as much of it is in memory, up to 24 MiB, or as
 * {@link Builder#partsAtOnce} says. Thread-safe.
 */
public final class S3PayloadStore implements PayloadStore {
    private static final Pattern PREFIX = Pattern.compile("([A-Za-z0-9._-]+/)*");
    private static final Duration LONGEST_VALET_KEY = Duration.ofDays(7);
    private static final int MOST_DELETED_AT_ONCE = 1000;
    private static final int MOST_LISTED_AT_ONCE = 1000;
    private static final int MOST_PARTS_AT_ONCE = 64;

    private final String name;
    private final S3Client client;
    private final Bucket bucket;
    private final @Nullable S3Presigner presigner;
    private final int partsAtOnce;

    private S3PayloadStore(Builder builder) {
        name = builder.name;
        client = builder.client;
        bucket = new Bucket(builder.bucket, builder.prefix, builder.kmsKey);
        presigner = builder.presigner;
        partsAtOnce = builder.partsAtOnce;
    }

    /** Payloads go to this bucket, which exists, by this client, which stays the application's to close. */
    public static Builder in(S3Client client, String bucket) {
        return new Builder(client, bucket);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public boolean write(String key, Content content) throws IOException {
        String object = bucket.object(PayloadStore.checkedKey(key));
        try (Upload upload = new Upload(
                new Target(client, bucket, object, UUID.randomUUID().toString(), this::failed), partsAtOnce)) {
            content.writeTo(upload);
            return upload.complete();
        }
    }

    @Override
    public InputStream read(String key) throws PayloadMissingException {
        String object = bucket.object(PayloadStore.checkedKey(key));
        try {
            return new Download(
                    client.getObject(get -> get.bucket(bucket.name()).key(object)), this::failed);
        } catch (NoSuchKeyException absent) {
            throw new PayloadMissingException("'" + key + "' in payload store '" + name + "'");
        } catch (SdkException failed) {
            throw failed("cannot read '" + key + "'", failed);
        }
    }

    @Override
    public boolean exists(String key) {
        String object = bucket.object(PayloadStore.checkedKey(key));
        try {
            client.headObject(head -> head.bucket(bucket.name()).key(object));
            return true;
        } catch (NoSuchKeyException absent) {
            return false;
        } catch (SdkException failed) {
            throw failed("cannot be asked for '" + key + "'", failed);
        }
    }

    @Override
    public void delete(List<String> keys) {
        List<ObjectIdentifier> objects = keys.stream()
                .map(key -> ObjectIdentifier.builder()
                        .key(bucket.object(PayloadStore.checkedKey(key)))
                        .build())
                .toList();
        for (int from = 0; from < objects.size(); from += MOST_DELETED_AT_ONCE) {
            List<ObjectIdentifier> some = objects.subList(from, Math.min(objects.size(), from + MOST_DELETED_AT_ONCE));
            DeleteObjectsResponse response = asking(
                    "does not delete",
                    () -> client.deleteObjects(delete -> delete.bucket(bucket.name())
                            .delete(all -> all.objects(some).quiet(true))));
            if (response.hasErrors() && !response.errors().isEmpty()) {
                throw new PayloadStoreException(
                        this + " does not delete " + response.errors().size() + " of " + some.size()
                                + " objects; the first is "
                                + response.errors().get(0),
                        null);
            }
        }
    }

    @Override
    public List<StoredPayload> list(String after, int limit) {
        List<StoredPayload> found = new ArrayList<>();
        ListObjectsV2Request.Builder request = ListObjectsV2Request.builder()
                .bucket(bucket.name())
                .prefix(bucket.prefix())
                .startAfter(after.isEmpty() ? null : bucket.object(after));
        boolean more = true;
        while (more && found.size() < limit) {
            request.maxKeys(Math.min(MOST_LISTED_AT_ONCE, limit - found.size()));
            ListObjectsV2Response page = asking("cannot be listed", () -> client.listObjectsV2(request.build()));
            page.contents().forEach(object -> add(object, found));
            more = Boolean.TRUE.equals(page.isTruncated());
            request.startAfter(null).continuationToken(page.nextContinuationToken());
        }
        return found;
    }

    /** What others have put there is not listed. */
    private void add(S3Object object, List<StoredPayload> found) {
        String key = object.key().substring(bucket.prefix().length());
        if (PayloadStore.isKey(key)) {
            found.add(
                    new StoredPayload(key, object.size(), object.lastModified().toEpochMilli()));
        }
    }

    /** A presigned GET; needs a {@link Builder#valetKeys presigner}, and lasts at most 7 days, and no longer than temporary credentials do. */
    @Override
    public Optional<URI> valetKey(String key, Duration validFor) {
        if (presigner == null) {
            return Optional.empty();
        }
        if (validFor.compareTo(LONGEST_VALET_KEY) > 0) {
            throw new IllegalArgumentException(
                    "a valet key is to last " + validFor + " but S3 gives at most " + LONGEST_VALET_KEY);
        }
        String object = bucket.object(PayloadStore.checkedKey(key));
        return Optional.of(URI.create(presigner
                .presignGetObject(presign -> presign.signatureDuration(validFor)
                        .getObjectRequest(get -> get.bucket(bucket.name()).key(object)))
                .url()
                .toExternalForm()));
    }

    private <R> R asking(String what, Supplier<R> question) {
        try {
            return question.get();
        } catch (SdkException failed) {
            throw failed(what, failed);
        }
    }

    private PayloadStoreException failed(String what, Exception cause) {
        return new PayloadStoreException(this + " " + what + ": " + cause.getMessage(), cause);
    }

    @Override
    public String toString() {
        return "payload store '" + name + "' in s3://" + bucket.name() + "/" + bucket.prefix();
    }

    /** Builds an {@link S3PayloadStore}; each method checks its value. Not thread-safe. */
    public static final class Builder {
        private final S3Client client;
        private final String bucket;
        private String name = "s3";
        private String prefix = "waybill/";
        private @Nullable String kmsKey;
        private @Nullable S3Presigner presigner;
        private int partsAtOnce = 2;

        private Builder(S3Client client, String bucket) {
            this.client = Objects.requireNonNull(client, "client");
            this.bucket = Objects.requireNonNull(bucket, "bucket");
        }

        /** What references call it, on all processes; by default {@code s3}. */
        public Builder name(String name) {
            this.name = Objects.requireNonNull(name, "name");
            return this;
        }

        /** What the keys of its objects begin with, by default {@code waybill/}; empty or parts that end with a slash. */
        public Builder prefix(String prefix) {
            if (!PREFIX.matcher(prefix).matches() || prefix.contains("./")) {
                throw new IllegalArgumentException("prefix is '" + prefix
                        + "' but must be parts of letters, digits, dots, hyphens and underscores,"
                        + " each with a slash behind");
            }
            this.prefix = prefix;
            return this;
        }

        /** Has S3 encrypt the objects with this key of AWS KMS (SSE-KMS); by default as the bucket says. */
        public Builder kmsKey(String keyId) {
            kmsKey = Objects.requireNonNull(keyId, "kmsKey");
            return this;
        }

        /** Makes valet keys by this presigner, which stays the application's to close. */
        public Builder valetKeys(S3Presigner presigner) {
            this.presigner = Objects.requireNonNull(presigner, "presigner");
            return this;
        }

        /**
         * How many parts of a payload are sent at once, each on a thread that ends with the upload: 1 to 64, by default 2. A payload
         * that is being written takes 8 MiB of memory for each, and for one more that is being filled.
         */
        public Builder partsAtOnce(int parts) {
            if (parts < 1 || parts > MOST_PARTS_AT_ONCE) {
                throw new IllegalArgumentException(
                        "partsAtOnce is " + parts + " but must be 1 to " + MOST_PARTS_AT_ONCE);
            }
            partsAtOnce = parts;
            return this;
        }

        /**
         * Makes it, and asks for the bucket.
         *
         * @throws PayloadStoreException if there is no such bucket, or S3 cannot be asked
         */
        public S3PayloadStore build() {
            S3PayloadStore store = new S3PayloadStore(this);
            try {
                // Not for the bucket itself, which may be allowed less often.
                client.listObjectsV2(list -> list.bucket(bucket).prefix(prefix).maxKeys(1));
            } catch (NoSuchBucketException absent) {
                throw new PayloadStoreException("there is no bucket '" + bucket + "' for " + store, absent);
            } catch (SdkException failed) {
                throw store.failed("cannot be asked", failed);
            }
            return store;
        }
    }
}
