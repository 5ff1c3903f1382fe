package dev.waybill.redis;

import dev.waybill.convoy.ConvoyStoreException;
import dev.waybill.redis.Keys.Claimable;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ScheduledFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a transaction has to itself until it ends. Thread-safe. */
final class Claims {
    private static final Logger LOG = LoggerFactory.getLogger(Claims.class);

    private final Leases leases;
    private final Server server;
    private final String token = UUID.randomUUID().toString();
    private final List<Claim> claims = new ArrayList<>();
    private @Nullable ScheduledFuture<?> renewal;

    Claims(Leases leases) {
        this.leases = leases;
        server = leases.server();
    }

    /** Some convoys of a kind. */
    record Claim(Claimable of, List<String> convoys) {}

    /** What was got, and when. */
    record Claimed(long now, List<String> convoys) {}

    /** Whose they are. */
    String token() {
        return token;
    }

    synchronized List<Claim> all() {
        return List.copyOf(claims);
    }

    Claimed claim(Claimable of, int limit) {
        List<?> answer = server.list(server.call(Script.CLAIM)
                .key(of.candidates())
                .key(of.leases())
                .key(of.owners())
                .arg(token)
                .arg(leases.millis())
                .arg(limit));
        List<String> convoys = Reader.texts(answer.get(1));
        if (!convoys.isEmpty()) {
            add(new Claim(of, convoys));
        }
        return new Claimed(Reader.number(answer, 0), convoys);
    }

    private synchronized void add(Claim claim) {
        claims.add(claim);
        if (renewal == null) {
            renewal = leases.often(this::renew);
        }
    }

    private Call call(Script script, Claim claim) {
        return server.call(script)
                .key(claim.of().leases())
                .key(claim.of().owners())
                .arg(token);
    }

    private void renew() {
        for (Claim claim : all()) {
            try {
                server.ask(call(Script.RENEW, claim).arg(leases.millis()).args(claim.convoys()));
            } catch (ConvoyStoreException later) {
                LOG.debug("leases are not renewed: {}", later.getMessage());
            }
        }
    }

    /** They have been given up; nothing is renewed any more. */
    synchronized List<Claim> end() {
        List<Claim> had = List.copyOf(claims);
        claims.clear();
        if (renewal != null) {
            renewal.cancel(false);
            renewal = null;
        }
        return had;
    }

    /** Gives them up now, so that others need not wait until they end. */
    void release() {
        end().forEach(claim -> release(claim, leases.millis()));
    }

    /** If the server is away it is asked again for as long as the lease can last. */
    private void release(Claim claim, long left) {
        try {
            server.ask(call(Script.RELEASE, claim).args(claim.convoys()));
        } catch (ConvoyStoreException away) {
            LOG.debug("leases are not given up: {}", away.getMessage());
            if (left > 0) {
                leases.afterPause(() -> release(claim, left - Leases.PAUSE_MILLIS));
            }
        }
    }
}
