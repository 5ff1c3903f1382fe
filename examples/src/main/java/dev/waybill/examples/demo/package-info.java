/** The demo: the files of a folder through a queue to competing consumers, one of which is killed, and a ledger of it all. */
@NullMarked
package dev.waybill.examples.demo;

import org.jspecify.annotations.NullMarked;
