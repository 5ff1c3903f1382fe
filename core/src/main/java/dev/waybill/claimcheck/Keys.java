package dev.waybill.claimcheck;

import java.util.regex.Pattern;

/** The forms of keys and names, compiled. */
final class Keys {
    static final Pattern FORM = Pattern.compile(PayloadStore.KEY_FORM);
    static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");

    private Keys() {}
}
