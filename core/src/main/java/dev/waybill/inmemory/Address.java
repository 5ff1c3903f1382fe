package dev.waybill.inmemory;

import dev.waybill.ConfigException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What {@code waybill.uri} says.
 *
 * @param name the name under which the broker is shared; empty if it is private
 * @param emulation whose rules hold
 */
record Address(String name, Emulation emulation) {
    private static final Pattern FORM = Pattern.compile("in-memory:(?<name>[A-Za-z0-9._-]*)(\\?(?<query>.*))?");
    private static final String ALLOWED = "in-memory:[NAME][?emulate=" + Emulation.allowed()
            + "], the name of letters, digits, dots, hyphens and underscores";

    static Address parse(String uri) {
        Matcher matcher = FORM.matcher(uri);
        if (!matcher.matches()) {
            throw new ConfigException("waybill.uri is " + shown(uri) + " but must be " + ALLOWED);
        }
        String query = matcher.group("query");
        return new Address(matcher.group("name"), query == null ? Emulation.NONE : emulation(query));
    }

    private static Emulation emulation(String query) {
        String[] parts = query.split("=", 2);
        if (parts.length != 2 || !parts[0].equals("emulate")) {
            throw new ConfigException(
                    "the query of waybill.uri is '" + query + "' but must be emulate=" + Emulation.allowed());
        }
        return Emulation.named(parts[1])
                .orElseThrow(() -> new ConfigException(
                        "emulate in waybill.uri is '" + parts[1] + "' but must be " + Emulation.allowed()));
    }

    /** Another broker's address may carry a password, so of that only the scheme is shown. */
    private static String shown(String uri) {
        int colon = uri.indexOf(':');
        boolean ours = uri.startsWith("in-memory:") && uri.indexOf('@') < 0;
        return ours || colon < 0 ? "'" + uri + "'" : "'" + uri.substring(0, colon) + ":...'";
    }

    @Override
    public String toString() {
        return "in-memory:" + name + (emulation == Emulation.NONE ? "" : "?emulate=" + emulation.label());
    }
}
