package dev.waybill.internal;

import dev.waybill.internal.Reference.Refused;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Opens one payload for whoever has it. Its query is a secret, and shown nowhere.
 *
 * @param address where the payload can be read; a URL of HTTP or HTTPS with a host and nothing but a path and a query behind
 * @param expires until when
 */
record ValetKey(URI address, Instant expires) {

    /** Below a trusted address; with no way up, and nothing that servers may read in several ways. Possessive: others recurse by folder. */
    private static final Pattern FOLDERS = Pattern.compile("(?:[A-Za-z0-9_-][A-Za-z0-9._-]*+/)*+");

    private static final int LONGEST = 4096;

    /** @throws Refused if it is none, whoever is trusted */
    static ValetKey of(String address, Instant expires) throws Refused {
        if (address.length() > LONGEST) {
            throw new Refused("its valet key has " + address.length() + " characters but must have at most " + LONGEST);
        }
        try {
            URI uri = new URI(address);
            String scheme = String.valueOf(uri.getScheme());
            if ((scheme.equals("https") || scheme.equals("http"))
                    && uri.getHost() != null
                    && uri.getRawUserInfo() == null
                    && uri.getRawFragment() == null) {
                return new ValetKey(uri, expires);
            }
        } catch (URISyntaxException bad) {
            // Its message has the address in it.
        }
        throw new Refused("its valet key is no URL of HTTP or HTTPS with a host, a path and a query and nothing else");
    }

    /** @throws Refused if it is not below one of these addresses, or leads to another payload than that of the key */
    void demandTrusted(String key, List<URI> trusted) throws Refused {
        for (URI base : trusted) {
            if (isBelow(base)) {
                String path = address.getRawPath().substring(base.getRawPath().length());
                int folders = path.length() - key.length();
                if (path.endsWith(key)
                        && FOLDERS.matcher(path.substring(0, folders)).matches()) {
                    return;
                }
            }
        }
        throw new Refused("its valet key leads to " + host() + ", but not to '" + key + "' below one of " + trusted
                + ", which are trusted here");
    }

    private boolean isBelow(URI base) {
        return address.getScheme().equals(base.getScheme())
                && address.getHost().equalsIgnoreCase(base.getHost())
                && port(address) == port(base)
                && address.getRawPath().startsWith(base.getRawPath());
    }

    private static int port(URI uri) {
        return uri.getPort() >= 0 ? uri.getPort() : uri.getScheme().equals("https") ? 443 : 80;
    }

    /** Its host, and its port if that is not the usual one. */
    String host() {
        String name = address.getHost().toLowerCase(Locale.ROOT);
        return address.getPort() < 0 ? name : name + ":" + address.getPort();
    }

    @Override
    public String toString() {
        return "valet key of " + host() + ", valid until " + expires;
    }
}
