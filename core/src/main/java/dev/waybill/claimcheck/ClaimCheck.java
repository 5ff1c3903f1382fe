package dev.waybill.claimcheck;

import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How a queue's large payloads travel: they wait in a store, and the message carries a reference. Producers and consumers of a queue
 * declare the same, but for what only one of them needs. Immutable.
 *
 * <p>A payload is stored before its message is sent, on the thread that sends. If the message is certainly not stored then, its payload
 * is deleted again; if nobody knows, it stays. A received payload is fetched just before its handler, and only from a store that is
 * declared here, or {@link #byValetKey}. What its handler has accepted is noted in the store before the message is acknowledged, as an empty payload of the same
 * key and the ending {@code .done}, and deleted afterwards as {@link Deletion} says; a copy of the message that comes in between, as after a
 * crash, is known by that note to be done, and is acknowledged without its handler. The payload of a message that is
 * delayed, retried or dead stays, until {@link dev.waybill.DeadLetters#purgeWithPayloads}.
 *
 * <p>A reference that is malformed, not signed as declared here, or of another store goes to the dead-letter queue and nothing is
 * fetched; so does one whose payload is gone or corrupt. While a store is down, its circuit breaker opens, sends that need it fail at
 * once with nothing sent, and messages wait, locked, which is no delivery.
 */
public final class ClaimCheck {
    /** How the key of the note ends that the message of a payload is done. */
    public static final String DONE = ".done";

    private static final Pattern PATH = Pattern.compile("/([A-Za-z0-9_-][A-Za-z0-9._-]*/)*");
    private static final int SHORTEST_SECRET = 16;

    /** A key of no payload, to see whether a store gives valet keys. */
    private static final String PROBE = "waybill/probe";

    private final @Nullable PayloadStore store;
    private final List<URI> trustedAddresses;
    private final @Nullable Duration valetKeys;
    private final Map<String, PayloadStore> stores;
    private final OptionalLong threshold;
    private final long largest;
    private final Deletion deletion;
    private final boolean compressed;
    private final @Nullable PayloadCipher cipher;
    private final Map<String, PayloadCipher> ciphers;
    private final @Nullable String signingKey;
    private final Map<String, byte[]> secrets;
    private final @Nullable String breaker;

    private ClaimCheck(Builder builder) {
        store = builder.store;
        trustedAddresses = List.copyOf(builder.trustedAddresses);
        valetKeys = builder.valetKeys;
        stores = Map.copyOf(builder.stores);
        threshold = builder.threshold;
        largest = builder.largest;
        deletion = builder.deletion;
        compressed = builder.compressed;
        cipher = builder.cipher;
        ciphers = Map.copyOf(builder.ciphers);
        signingKey = builder.signingKey;
        secrets = Map.copyOf(builder.secrets);
        breaker = builder.breaker;
    }

    /** Payloads above the broker's threshold go to this store. */
    public static Builder in(PayloadStore store) {
        return new Builder(store);
    }

    /**
     * For consumers that have no credentials for the store: payloads are read by the valet keys that references carry, over HTTP, and only
     * below addresses that are trusted here. Redirects are not followed. References of a store that is declared,
     * {@link Builder#fetchedFrom}, are read there.
     *
     * <p>Such a consumer can neither delete a payload nor note that its message is done. So payloads stay until a rule of the store's own
     * deletes them, such as a lifecycle rule of the bucket, and a copy of a message that is done comes to its handler again, unless the
     * consumer is {@link dev.waybill.Consumer#idempotent idempotent}. If the host of a valet key says that it is no longer valid, or has no
     * such payload, the message goes to the dead-letter queue with its reference; redriven to a consumer that has the store, it is handled.
     * While the host is down, messages wait.
     *
     * <p>Trust only what serves payloads and nothing else: who can send to the queue, unless references are signed, can have anything
     * requested that is below these addresses.
     *
     * @param addresses what the addresses of payloads begin with, such as {@code https://bucket.s3.eu-west-1.amazonaws.com/waybill/}
     *     or {@code https://account.blob.core.windows.net/container/waybill/}:
     *     {@code https}, or {@code http} for tests; the host; perhaps a port; and a path that ends with a slash. At least one
     */
    public static Builder byValetKey(String... addresses) {
        if (addresses.length == 0) {
            throw new IllegalArgumentException("no address is trusted, but at least one must be");
        }
        Builder builder = new Builder();
        for (String address : addresses) {
            builder.trustedAddresses.add(trusted(address));
        }
        return builder;
    }

    private static URI trusted(String address) {
        try {
            URI uri = new URI(address);
            String scheme = String.valueOf(uri.getScheme());
            if ((scheme.equals("https") || scheme.equals("http"))
                    && uri.getHost() != null
                    && uri.getPort() != 0
                    && uri.getPort() <= 65_535
                    && uri.getRawUserInfo() == null
                    && uri.getRawQuery() == null
                    && uri.getRawFragment() == null
                    && PATH.matcher(uri.getRawPath()).matches()) {
                return uri;
            }
        } catch (URISyntaxException bad) {
            // Said below.
        }
        throw new IllegalArgumentException("trusted address is '" + address
                + "' but must be https:// or http://, a host, perhaps a port, and a path of letters, digits, dots,"
                + " hyphens and underscores that ends with a slash");
    }

    /**
     * Where payloads go to.
     *
     * @throws IllegalStateException if this is {@link #byValetKey}
     */
    public PayloadStore store() {
        if (store == null) {
            throw new IllegalStateException(this + " has no store that payloads go to, so it is for consumers;"
                    + " a producer needs its own: ProducerOptions.withClaimCheck(ClaimCheck.in(...)...)");
        }
        return store;
    }

    /** What the addresses of valet keys must begin with that are followed; empty if none is. */
    public List<URI> trustedAddresses() {
        return trustedAddresses;
    }

    /** How long the valet keys last that references carry; empty if they carry none. */
    public Optional<Duration> valetKeys() {
        return Optional.ofNullable(valetKeys);
    }

    /** A store that payloads may come from, by its name. */
    public Optional<PayloadStore> store(String name) {
        return Optional.ofNullable(stores.get(name));
    }

    /** The largest body that travels in its message, in bytes; empty if that is the broker's to say. */
    public OptionalLong threshold() {
        return threshold;
    }

    /** The largest payload that is fetched, in bytes. */
    public long largest() {
        return largest;
    }

    public Deletion deletion() {
        return deletion;
    }

    public boolean isCompressed() {
        return compressed;
    }

    /** By what payloads are encrypted; empty if they are not. */
    public Optional<PayloadCipher> cipher() {
        return Optional.ofNullable(cipher);
    }

    /** A cipher that payloads may be encrypted by, by its name. */
    public Optional<PayloadCipher> cipher(String name) {
        return Optional.ofNullable(ciphers.get(name));
    }

    /** The name of the secret that references are signed with; empty if they are not. */
    public Optional<String> signingKey() {
        return Optional.ofNullable(signingKey);
    }

    /** A secret that references may be signed with, by its name. */
    public Optional<byte[]> secret(String name) {
        return Optional.ofNullable(secrets.get(name)).map(byte[]::clone);
    }

    /** The name of the circuit breaker of a store. */
    public String circuitBreaker(PayloadStore of) {
        return breaker == null ? "payload-store-" + of.name() : breaker;
    }

    @Override
    public String toString() {
        return store == null
                ? "claim check by valet keys of " + trustedAddresses
                : "claim check in payload store '" + store.name() + "'";
    }

    /** What becomes of a payload once the handler of its message has accepted it. */
    public sealed interface Deletion {

        /** It is deleted as soon as the message is acknowledged. */
        static Deletion afterAcknowledgement() {
            return AfterAcknowledgement.INSTANCE;
        }

        /** It is kept for at least so long; a {@link PayloadCollector} deletes it then. */
        static Deletion keep(Duration time) {
            if (time.isNegative() || time.isZero()) {
                throw new IllegalArgumentException("time to keep is " + time + " but must be positive");
            }
            return new Keep(time);
        }

        /** It is left alone, and nothing is noted: the rules of the store's own delete it, or nobody. */
        static Deletion never() {
            return Never.INSTANCE;
        }

        /** See {@link Deletion#afterAcknowledgement}. */
        enum AfterAcknowledgement implements Deletion {
            INSTANCE
        }

        /** See {@link Deletion#keep}. */
        record Keep(Duration time) implements Deletion {}

        /** See {@link Deletion#never}. */
        enum Never implements Deletion {
            INSTANCE
        }
    }

    /** Builds a {@link ClaimCheck}; each method checks its value. Not thread-safe. */
    public static final class Builder {
        private final @Nullable PayloadStore store;
        private final Map<String, PayloadStore> stores = new LinkedHashMap<>();
        private final List<URI> trustedAddresses = new ArrayList<>();
        private @Nullable Duration valetKeys;
        private OptionalLong threshold = OptionalLong.empty();
        private long largest = 5L << 30;
        private Deletion deletion = Deletion.afterAcknowledgement();
        private boolean compressed;
        private @Nullable PayloadCipher cipher;
        private final Map<String, PayloadCipher> ciphers = new LinkedHashMap<>();
        private @Nullable String signingKey;
        private final Map<String, byte[]> secrets = new LinkedHashMap<>();
        private @Nullable String breaker;

        private Builder(PayloadStore store) {
            this.store = Objects.requireNonNull(store, "store");
            fetchedFrom(store);
        }

        private Builder() {
            store = null;
            deletion = Deletion.never();
        }

        /**
         * The largest body that travels in its message, in bytes; 0 sends every payload to the store. By default what suits the broker:
         * 128 KiB on RabbitMQ, 512 KiB on Kafka, 192 KiB on SQS, and in memory as much as a message takes.
         */
        public Builder threshold(long bytes) {
            if (bytes < 0) {
                throw new IllegalArgumentException("threshold is " + bytes + " but must not be negative");
            }
            threshold = OptionalLong.of(bytes);
            return this;
        }

        /** Payloads may come from this store as well, for instance from one that was in use before. */
        public Builder fetchedFrom(PayloadStore other) {
            String name = other.name();
            if (!PayloadStore.isName(name)) {
                throw new IllegalArgumentException("the name of a payload store is '" + name
                        + "' but must be 1 to " + PayloadStore.LONGEST_NAME
                        + " letters, digits, dots, hyphens and underscores");
            }
            PayloadStore same = stores.putIfAbsent(name, other);
            if (same != null && same != other) {
                throw new IllegalArgumentException("two payload stores are named '" + name + "'");
            }
            return this;
        }

        /** The largest payload that is fetched, in bytes, expanded; by default 5 GiB. A larger one goes to the dead-letter queue. */
        public Builder largest(long bytes) {
            if (bytes < 1) {
                throw new IllegalArgumentException("largest is " + bytes + " but must be at least 1");
            }
            largest = bytes;
            return this;
        }

        /** What becomes of a payload that is done with; by default it is deleted. */
        public Builder deletion(Deletion deletion) {
            this.deletion = Objects.requireNonNull(deletion, "deletion");
            return this;
        }

        /**
         * References carry a valet key, by which consumers without credentials for the store can read the payload,
         * {@link ClaimCheck#byValetKey}. Whoever can read the message, or its dead letter, can read the payload then.
         *
         * <p>A message may outlive its valet key, for instance delayed, retried or dead: then only consumers with the store can handle it.
         *
         * @param validFor how long each is valid from when its payload is stored; longer than messages usually wait. With temporary
         *     credentials, as of a role, S3 ends it with those
         */
        public Builder valetKeys(Duration validFor) {
            if (validFor.isNegative() || validFor.isZero()) {
                throw new IllegalArgumentException("valet keys are valid for " + validFor + " but must be for longer");
            }
            valetKeys = validFor;
            return this;
        }

        /** Payloads are compressed in the store, with gzip. Consumers need not declare it. */
        public Builder compressed() {
            compressed = true;
            return this;
        }

        /** Payloads are encrypted before they leave the process, and those that are not encrypted are refused. */
        public Builder encryptedBy(PayloadCipher cipher) {
            this.cipher = cipher;
            return decryptedBy(cipher);
        }

        /** Payloads may be encrypted by this as well, for instance by what was in use before. */
        public Builder decryptedBy(PayloadCipher other) {
            if (!Keys.NAME.matcher(other.name()).matches()) {
                throw new IllegalArgumentException("the name of a cipher is '" + other.name()
                        + "' but must be 1 to 64 letters, digits, dots, hyphens and underscores");
            }
            ciphers.put(other.name(), other);
            return this;
        }

        /**
         * References are signed with this secret (HMAC-SHA-256), together with the id of their message, and those that are not are
         * refused. Else whoever can send to the queue can have any payload of the stores handed over whose digest is known, or whose
         * handler accepts it unread, and have it deleted.
         *
         * @param name what the secret is called; it travels
         * @param secret at least 16 bytes, copied
         */
        public Builder signedWith(String name, byte[] secret) {
            signingKey = name;
            return trusting(name, secret);
        }

        /** References may be signed with this secret as well, for instance with what was in use before. */
        public Builder trusting(String name, byte[] secret) {
            if (!Keys.NAME.matcher(name).matches()) {
                throw new IllegalArgumentException("the name of a secret is '" + name
                        + "' but must be 1 to 64 letters, digits, dots, hyphens and underscores");
            }
            if (secret.length < SHORTEST_SECRET) {
                throw new IllegalArgumentException("secret '" + name + "' has " + secret.length
                        + " bytes but must have at least " + SHORTEST_SECRET);
            }
            secrets.put(name, secret.clone());
            return this;
        }

        /**
         * The circuit breaker of the stores, by its name; by default each has one, {@code payload-store-<name>}, and so has each host of
         * valet keys, {@code payload-store-<host>}, with its port if that is given.
         */
        public Builder circuitBreaker(String name) {
            breaker = Objects.requireNonNull(name, "circuitBreaker");
            return this;
        }

        /**
         * Makes it.
         *
         * @throws IllegalArgumentException if references are to be verified and none is to be signed, or the same for encryption: then no
         *     consumer that declares the same would take what is sent; if the store gives no valet keys that references are to carry; or
         *     if payloads are to be deleted of which there is nothing but a valet key
         */
        public ClaimCheck build() {
            if (signingKey == null && !secrets.isEmpty()) {
                throw new IllegalArgumentException(
                        "there are secrets to trust, but none to sign with: signedWith(...)");
            }
            if (cipher == null && !ciphers.isEmpty()) {
                throw new IllegalArgumentException(
                        "there are ciphers to decrypt by, but none to encrypt by: encryptedBy(...)");
            }
            if (store == null && deletion != Deletion.never()) {
                throw new IllegalArgumentException("deletion is " + deletion + " but must be never() by valet keys:"
                        + " they open a payload, and delete none");
            }
            if (valetKeys != null
                    && (store == null || store.valetKey(PROBE, valetKeys).isEmpty())) {
                throw new IllegalArgumentException("references are to carry valet keys, but "
                        + (store == null ? "there is no store" : "payload store '" + store.name() + "' gives none"));
            }
            return new ClaimCheck(this);
        }
    }
}
