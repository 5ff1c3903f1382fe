package dev.waybill.claimcheck;

import java.util.regex.Pattern;

/** The form of keys, compiled. */
final class Keys {
    static final Pattern FORM = Pattern.compile(PayloadStore.KEY_FORM);

    private Keys() {}
}
