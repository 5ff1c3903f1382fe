/** Waybill against the plain clients, and its pipeline in memory. */
@NullMarked
package dev.waybill.benchmarks;

import org.jspecify.annotations.NullMarked;
