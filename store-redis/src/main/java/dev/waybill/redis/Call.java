package dev.waybill.redis;

import java.util.ArrayList;
import java.util.List;

/** Which script, with what. */
final class Call {
    private final Script script;
    private final List<byte[]> keys = new ArrayList<>();
    private final List<byte[]> args = new ArrayList<>();

    Call(Script script) {
        this.script = script;
    }

    Call key(byte[] key) {
        keys.add(key);
        return this;
    }

    Call arg(byte[] value) {
        args.add(value);
        return this;
    }

    Call arg(String value) {
        return arg(Keys.bytes(value));
    }

    Call arg(long value) {
        return arg(Long.toString(value));
    }

    Call args(Iterable<String> values) {
        values.forEach(this::arg);
        return this;
    }

    Script script() {
        return script;
    }

    List<byte[]> keys() {
        return keys;
    }

    List<byte[]> args() {
        return args;
    }
}
