package dev.waybill.s3;

import dev.waybill.claimcheck.PayloadStoreException;
import java.io.IOException;
import java.io.InputStream;
import java.util.function.BiFunction;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;

/** One object on its way here. Closed before its end it drops its connection, rather than read the rest. */
final class Download extends InputStream {
    private final ResponseInputStream<GetObjectResponse> in;
    private final BiFunction<String, Exception, PayloadStoreException> failed;
    private boolean whole;

    Download(ResponseInputStream<GetObjectResponse> in, BiFunction<String, Exception, PayloadStoreException> failed) {
        this.in = in;
        this.failed = failed;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        try {
            int read = in.read(bytes, offset, length);
            whole |= read < 0;
            return read;
        } catch (SdkException down) {
            throw failed.apply("broke off while it was read", down);
        }
    }

    @Override
    public void close() throws IOException {
        if (!whole) {
            in.abort();
        }
        in.close();
    }
}
