package dev.waybill.redis;

import dev.waybill.TopologyException;
import dev.waybill.TopologyException.Difference;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.exceptions.JedisException;

/** Looks whether the server keeps what it confirms. Where it does not tell, nothing is said. */
final class ServerSettings {
    private static final Logger LOG = LoggerFactory.getLogger(ServerSettings.class);

    private final Server server;

    ServerSettings(Server server) {
        this.server = server;
    }

    /** @throws TopologyException if it may throw convoys away */
    void check() {
        String policy = get("maxmemory-policy");
        if (policy != null && policy.startsWith("allkeys-")) {
            throw new TopologyException(
                    "the server of the " + server, List.of(new Difference("maxmemory-policy", "noeviction", policy)));
        }
        String appendOnly = get("appendonly");
        if (appendOnly != null && !appendOnly.equals("yes")) {
            LOG.warn(
                    "the {} forgets when its server ends: appendonly is {} but should be yes, with appendfsync always",
                    server,
                    appendOnly);
            return;
        }
        String fsync = get("appendfsync");
        if (fsync != null && !fsync.equals("always")) {
            LOG.warn(
                    "the {} may lose what it has confirmed last when its machine fails: appendfsync is {} but should be"
                            + " always",
                    server,
                    fsync);
        }
    }

    private @Nullable String get(String setting) {
        try {
            return server.client().configGet(setting).get(setting);
        } catch (JedisException refused) {
            LOG.debug("the {} does not tell {}", server, setting, refused);
            return null;
        }
    }
}
