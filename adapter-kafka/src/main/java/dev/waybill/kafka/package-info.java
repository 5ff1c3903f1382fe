/** Placeholder, written at the end. */
@NullMarked
package dev.waybill.kafka;

import org.jspecify.annotations.NullMarked;
