/**
 * Starts the real brokers that tests, the demo and the benchmarks run against; see {@link dev.waybill.servers.TestServers}.
 * For trusted networks and throw-away data only: everything listens on the loopback address, without protection.
 */
@NullMarked
package dev.waybill.servers;

import org.jspecify.annotations.NullMarked;
