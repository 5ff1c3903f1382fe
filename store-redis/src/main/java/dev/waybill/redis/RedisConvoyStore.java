package dev.waybill.redis;

import dev.waybill.convoy.ConvoyCensus;
import dev.waybill.convoy.ConvoyDetails;
import dev.waybill.convoy.ConvoyFilter;
import dev.waybill.convoy.ConvoyStore;
import dev.waybill.convoy.StoredConvoy;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import redis.clients.jedis.UnifiedJedis;

/**
 * Keeps convoys in Redis (6.2 or later), for any number of processes. Times are by the clock of Redis, so that those of the processes
 * do not matter. Thread-safe.
 *
 * <p>A step of a convoy is kept by one script, which looks first whether the convoy is as it was read and then writes all of it: the
 * convoy, what it holds, its time-out, its history and what it sends. What an action itself writes, to Redis by
 * {@code step.unwrap(UnifiedJedis.class)} or elsewhere, is <em>not</em> part of that, as it would be with a relational database: it is
 * kept at once and stays if the step fails or is tried again, so it should do no harm when it is done twice.
 *
 * <p>What is due or to be sent belongs to one transaction at a time by a lease, which is renewed until the transaction ends; when its
 * process dies the lease ends by itself. A process that stood still for longer than that may see another do the same; one of the two is
 * refused when it wants to keep it.
 *
 * <p>A transaction has a connection of the client only while it asks, and one thread more asks for all of them, to renew leases. When
 * the server is back after an outage the next question finds it, if the client does; where connections that have broken meanwhile are
 * still in its pool, each fails once.
 *
 * <p>The server must keep what it confirms: {@code appendonly yes} with {@code appendfsync always}, else the last steps may be lost with
 * it; and {@code maxmemory-policy noeviction}, or it throws convoys away. A replica that takes over lacks what had not reached it, since
 * Redis confirms before it replicates. All keys of a store are in one slot of a cluster; the package tells what they are.
 */
public final class RedisConvoyStore implements ConvoyStore {
    private final Server server;
    private final Reader reader;
    private final Leases leases;

    private RedisConvoyStore(Builder builder) {
        server = new Server(builder.client, builder.keys);
        reader = new Reader(server);
        leases = new Leases(server, builder.lease);
        server.locate();
        server.ask(server.call(Script.OPEN).key(builder.keys.probe()));
        new ServerSettings(server).check();
    }

    /** Starts a store by this client, such as a {@code RedisClient} or {@code RedisClusterClient}. It remains the caller's to close. */
    public static Builder on(UnifiedJedis client) {
        return new Builder(client);
    }

    @Override
    public Transaction begin() {
        return new ConvoyTransaction(server, reader, leases);
    }

    @Override
    public List<StoredConvoy> list(String machine, ConvoyFilter filter, String after, int limit) {
        return reader.list(machine, filter, after, limit);
    }

    @Override
    public Optional<ConvoyDetails> show(String machine, String key) {
        return reader.show(machine, key);
    }

    @Override
    public ConvoyCensus census(String machine) {
        return reader.census(machine);
    }

    @Override
    public String toString() {
        return server.toString();
    }

    /** Opens a {@link RedisConvoyStore}; each method checks its value. Not thread-safe. */
    public static final class Builder {
        private static final Duration SHORTEST_LEASE = Duration.ofSeconds(1);
        private static final Duration LONGEST_LEASE = Duration.ofMinutes(10);

        private final UnifiedJedis client;
        private Keys keys = new Keys("waybill-convoys");
        private Duration lease = Duration.ofSeconds(10);

        private Builder(UnifiedJedis client) {
            this.client = Objects.requireNonNull(client, "client");
        }

        /**
         * The name, by default {@code waybill-convoys}, with which all keys of the store begin: 1 to 48 letters, digits, dots,
         * underscores and hyphens. Stores of different names have nothing in common.
         */
        public Builder name(String name) {
            keys = new Keys(name);
            return this;
        }

        /**
         * After how long others go on with what a process was at when it died; by default 10 s; 1 s to 10 min. A process that lives
         * renews its leases three times in that.
         */
        public Builder lease(Duration length) {
            if (length.compareTo(SHORTEST_LEASE) < 0 || length.compareTo(LONGEST_LEASE) > 0) {
                throw new IllegalArgumentException("lease of the convoy store is " + length + " but must be "
                        + SHORTEST_LEASE + " to " + LONGEST_LEASE);
            }
            lease = length;
            return this;
        }

        /**
         * Opens the store. Blocks. Warns if the server does not keep what it confirms, as far as it tells.
         *
         * @throws dev.waybill.convoy.ConvoyStoreException if Redis cannot be reached, does not let the user do what the store needs, or
         *     has other data where the store has its own
         * @throws dev.waybill.TopologyException if the server throws away what was not used for long
         */
        public RedisConvoyStore open() {
            return new RedisConvoyStore(this);
        }
    }
}
