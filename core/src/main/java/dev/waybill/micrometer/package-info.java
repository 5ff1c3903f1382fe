/** Metrics by Micrometer; needs {@code io.micrometer:micrometer-core} on the class path. */
@NullMarked
package dev.waybill.micrometer;

import org.jspecify.annotations.NullMarked;
