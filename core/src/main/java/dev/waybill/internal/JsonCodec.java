package dev.waybill.internal;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import dev.waybill.Codec;
import dev.waybill.ConfigException;
import java.io.IOException;

/** JSON by Jackson, which is optional: this class is loaded only where a queue asks for JSON. */
public final class JsonCodec<T> implements Codec<T> {
    private final ObjectWriter writer;
    private final ObjectReader reader;

    private JsonCodec(Class<T> type) {
        ObjectMapper mapper = new ObjectMapper().findAndRegisterModules();
        writer = mapper.writerFor(type);
        reader = mapper.readerFor(type);
    }

    public static <T> Codec<T> of(Class<T> type) {
        try {
            return new JsonCodec<>(type);
        } catch (NoClassDefFoundError missing) {
            throw new ConfigException(
                    "Codec.json(" + type.getSimpleName()
                            + ") needs Jackson: add com.fasterxml.jackson.core:jackson-databind to the class path",
                    missing);
        }
    }

    @Override
    public byte[] encode(T payload) throws IOException {
        return writer.writeValueAsBytes(payload);
    }

    @Override
    public T decode(byte[] body) throws IOException {
        return reader.readValue(body);
    }

    @Override
    public String contentType() {
        return "application/json";
    }
}
