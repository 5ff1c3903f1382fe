package dev.waybill.redis;

import dev.waybill.convoy.ConvoyStoreException;
import java.util.List;
import java.util.function.Supplier;
import redis.clients.jedis.Connection;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.RedisClusterClient;
import redis.clients.jedis.RedisSentinelClient;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.exceptions.JedisNoScriptException;

/** Redis, as far as a store asks it. Thread-safe. */
final class Server {
    private final UnifiedJedis client;
    private final Keys keys;
    private volatile String where = "Redis";

    Server(UnifiedJedis client, Keys keys) {
        this.client = client;
        this.keys = keys;
    }

    Keys keys() {
        return keys;
    }

    UnifiedJedis client() {
        return client;
    }

    /** Every script begins with the store's own key and the format. */
    Call call(Script script) {
        return new Call(script).key(keys.store()).arg(Format.VERSION);
    }

    /** Finds out where it is, for what will be said if it is there no more. */
    void locate() {
        where = asked(() -> {
            if (client instanceof RedisClient single) {
                try (Connection connection = single.getPool().getResource()) {
                    return "Redis at " + connection.getHostAndPort();
                }
            }
            if (client instanceof RedisClusterClient cluster) {
                return "Redis at " + cluster.getClusterNodes().keySet();
            }
            return client instanceof RedisSentinelClient sentinel
                    ? "Redis at " + sentinel.getCurrentMaster() + " by Sentinel"
                    : "Redis";
        });
    }

    Object ask(Call call) {
        return asked(() -> {
            try {
                return client.evalsha(call.script().digest(), call.keys(), call.args());
            } catch (JedisNoScriptException restarted) {
                return client.eval(call.script().source(), call.keys(), call.args());
            }
        });
    }

    List<?> list(Call call) {
        return (List<?>) ask(call);
    }

    private <T> T asked(Supplier<T> question) {
        try {
            return question.get();
        } catch (JedisException | IllegalStateException e) {
            throw failed(e.getMessage() + reason(e), e);
        }
    }

    /** Jedis tells of a connection that failed only in what it has suppressed, or as the cause. */
    private static String reason(Throwable failure) {
        StringBuilder reason = new StringBuilder();
        for (Throwable suppressed : failure.getSuppressed()) {
            reason.append("; ").append(suppressed.getMessage());
        }
        Throwable cause = failure.getCause();
        return cause == null || cause == failure
                ? reason.toString()
                : reason.append(": ")
                        .append(cause.getMessage())
                        .append(reason(cause))
                        .toString();
    }

    /** Reads an answer, which somebody else may have written. */
    <T> T read(byte[] key, Supplier<T> reading) {
        try {
            return reading.get();
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw failed("key " + Keys.text(key) + " holds what the store has not written: " + e.getMessage(), e);
        }
    }

    private ConvoyStoreException failed(String why, Throwable cause) {
        return new ConvoyStoreException("the " + this + " cannot be asked: " + why, cause);
    }

    @Override
    public String toString() {
        return "convoy store '" + keys + "' in " + where;
    }
}
