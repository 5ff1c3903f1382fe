/** An order process: each order a convoy with a state. */
@NullMarked
package dev.waybill.examples.orders;

import org.jspecify.annotations.NullMarked;
