package dev.waybill.examples.thumbnails;

import org.jspecify.annotations.Nullable;

/** What was to be an image is none that can be read, and never will be. */
final class NoImageException extends Exception {
    private static final long serialVersionUID = 1;

    NoImageException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
