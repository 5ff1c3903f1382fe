/** The programs of the README. */
@NullMarked
package dev.waybill.examples;

import org.jspecify.annotations.NullMarked;
