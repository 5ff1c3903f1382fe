package dev.waybill.azure;

import dev.waybill.claimcheck.PayloadStoreException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** One blob on its way here, in pieces of some megabytes, each of one request, so that a slow reader holds no connection. */
final class Download extends FilterInputStream {
    private final Container container;
    private final String key;

    Download(InputStream in, Container container, String key) {
        super(in);
        this.container = container;
        this.key = key;
    }

    @Override
    public int read() {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) {
        try {
            return in.read(bytes, offset, length);
        } catch (IOException bad) {
            // The SDK may have put what Azure answered into one.
            throw failed(bad.getCause() instanceof RuntimeException answer ? answer : bad);
        } catch (RuntimeException down) {
            throw failed(down);
        }
    }

    private PayloadStoreException failed(Exception down) {
        return container.failed("broke off while '" + key + "' was read", down);
    }
}
