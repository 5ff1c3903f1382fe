/** Thumbnails of a folder of images, which travel as claim checks. */
@NullMarked
package dev.waybill.examples.thumbnails;

import org.jspecify.annotations.NullMarked;
