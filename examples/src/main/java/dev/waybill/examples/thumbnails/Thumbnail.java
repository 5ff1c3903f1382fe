package dev.waybill.examples.thumbnails;

import java.nio.file.Path;

/**
 * A thumbnail that was made.
 *
 * @param image the name of the image
 * @param width of the image
 * @param height of the image
 * @param file where the thumbnail is
 */
record Thumbnail(String image, int width, int height, Path file) {}
