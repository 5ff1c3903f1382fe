/**
 * The broker inside the JVM, for tests and for programs that need no server: {@code waybill.broker=in-memory}. An adapter
 * like the others, but strict: what a careless caller gets away with on one broker and not on another fails here at once.
 *
 * <p>{@code waybill.uri} is {@code in-memory:} for a broker of one's own, or {@code in-memory:NAME} for one that every
 * {@link dev.waybill.Waybill} of this JVM shares that names it, and that lives until the last of them closes. With
 * {@code ?emulate=rabbitmq}, {@code kafka} or {@code sqs} it has the capabilities, limits, locks and order of that broker.
 * There are no settings of its own and none to pass through; credentials and TLS settings have no effect.
 *
 * <p>{@link dev.waybill.Waybill#unwrap} hands out {@link dev.waybill.inmemory.InMemoryInspection}, with which a test looks
 * inside and lets connections fail.
 */
@NullMarked
package dev.waybill.inmemory;

import org.jspecify.annotations.NullMarked;
