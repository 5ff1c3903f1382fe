package dev.waybill.internal;

import dev.waybill.Payload;
import dev.waybill.claimcheck.PayloadCipher;
import dev.waybill.claimcheck.PayloadCorruptException;
import dev.waybill.claimcheck.PayloadMissingException;
import dev.waybill.claimcheck.PayloadStore;
import dev.waybill.claimcheck.PayloadStoreException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The payload of one received message, which is in a store. Its handler may read it on any thread. */
final class Claim implements Payload {
    private static final byte[] NOTHING = {};

    private final Reference reference;
    private final PayloadStore store;
    private final @Nullable PayloadCipher cipher;
    private final ClaimStream.Trouble onTrouble;

    // Guarded by this.
    private @Nullable InputStream ready;
    private final List<ClaimStream> opened = new ArrayList<>(1);
    private boolean ended;

    private byte[] fetched = NOTHING;

    /** How long to wait before it is tried again. */
    private Backoff backoff = new Backoff();

    private boolean afterTrouble;
    private volatile boolean troubled;

    /** Whether the store notes that its message is done. */
    private boolean noted;

    /** What is to happen when its message is acknowledged, or null; written before the message is decided. */
    private volatile @Nullable Runnable atEnd;

    Claim(Reference reference, PayloadStore store, @Nullable PayloadCipher cipher, ClaimStream.Trouble onTrouble) {
        this.reference = reference;
        this.store = store;
        this.cipher = cipher;
        this.onTrouble = onTrouble;
    }

    PayloadStore store() {
        return store;
    }

    String key() {
        return reference.key();
    }

    String place() {
        return reference.place();
    }

    /** It is tried once more, after this. */
    void after(Claim last) {
        afterTrouble = last.troubled;
        backoff = last.troubled ? last.backoff : backoff;
    }

    /** Whether its store failed while a handler read it the last time, so that it is not to be tried at once. */
    boolean isAfterTrouble() {
        return afterTrouble;
    }

    Backoff backoff() {
        return backoff;
    }

    /** It is tried anew. */
    void untroubled() {
        troubled = false;
    }

    /** Reads all of it. */
    private void fetch() throws IOException, PayloadMissingException {
        try (ClaimStream in = fresh()) {
            fetched = in.readAllBytes();
        }
    }

    /** What {@link #fetch} has read; it is not kept beside what is decoded from it. */
    byte[] takeFetched() {
        byte[] taken = fetched;
        fetched = NOTHING;
        return taken;
    }

    /** How much of it is fetched before its handler. */
    enum Ahead {
        /** All of it, into memory. */
        WHOLE,
        /** It is opened. */
        OPENED,
        /** Nothing, if it is there: of many at once, each holds a connection only while its handler has it open. */
        NOTHING
    }

    void fetch(Ahead ahead) throws IOException, PayloadMissingException {
        switch (ahead) {
            case WHOLE -> fetch();
            case OPENED -> openAhead();
            case NOTHING -> {
                if (!store.exists(key())) {
                    // Which says why.
                    fresh().close();
                }
            }
        }
    }

    /** Opens it for the first {@link #open}. */
    private void openAhead() throws IOException, PayloadMissingException {
        ClaimStream first = fresh();
        synchronized (this) {
            ready = first;
            opened.add(first);
        }
    }

    private ClaimStream fresh() throws IOException, PayloadMissingException {
        return new ClaimStream(reference, store.read(reference.key()), cipher, this::trouble);
    }

    private void trouble(Exception failure) {
        troubled = true;
        onTrouble.on(failure);
    }

    @Override
    public InputStream open() throws IOException {
        synchronized (this) {
            InputStream first = ready;
            if (first != null) {
                ready = null;
                return first;
            }
            if (ended) {
                throw ended();
            }
        }
        try {
            return kept(fresh());
        } catch (PayloadMissingException gone) {
            throw new IOException(gone.getMessage(), gone);
        } catch (PayloadStoreException down) {
            if (!Thread.currentThread().isInterrupted()) {
                trouble(down);
            }
            throw new IOException(place() + " cannot be read: " + down.getMessage(), down);
        }
    }

    /** To be closed at the end, which may have come while it was opened. */
    private ClaimStream kept(ClaimStream stream) throws IOException {
        synchronized (this) {
            if (!ended) {
                opened.add(stream);
                return stream;
            }
        }
        stream.close();
        throw ended();
    }

    private IOException ended() {
        return new IOException("the handler of the payload " + place() + " has ended");
    }

    @Override
    public long size() {
        return reference.bytes();
    }

    /** Its handler has ended; closes what that left open. */
    void end() {
        List<ClaimStream> left;
        synchronized (this) {
            ended = true;
            ready = null;
            left = List.copyOf(opened);
            opened.clear();
        }
        left.forEach(ClaimStream::close);
    }

    /** Whether its store failed while it was read. */
    boolean troubled() {
        return troubled;
    }

    /** What says that it is corrupt, if that is why its handler failed. */
    static @Nullable PayloadCorruptException corrupt(Throwable failure) {
        int depth = 0;
        for (Throwable cause = failure; cause != null && depth < 20; cause = cause.getCause(), depth++) {
            if (cause instanceof PayloadCorruptException corrupt) {
                return corrupt;
            }
        }
        return null;
    }

    boolean noted() {
        return noted;
    }

    void markNoted() {
        noted = true;
    }

    /** Has something done when its message is acknowledged. */
    void atEnd(Runnable action) {
        atEnd = action;
    }

    /** Its message is acknowledged. Does not block. */
    void acknowledged() {
        Runnable action = atEnd;
        if (action != null) {
            action.run();
        }
    }

    @Override
    public String toString() {
        return "payload " + place();
    }
}
