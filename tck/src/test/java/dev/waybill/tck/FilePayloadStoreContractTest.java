package dev.waybill.tck;

import dev.waybill.claimcheck.FilePayloadStore;
import dev.waybill.claimcheck.PayloadStore;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class FilePayloadStoreContractTest extends PayloadStoreContract {
    @TempDir
    Path directory;

    @Override
    protected PayloadStore store() {
        return new FilePayloadStore("files", directory.resolve("payloads"));
    }
}
