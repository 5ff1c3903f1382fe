/**
 * What is kept in a relational database: which messages are done, by {@link dev.waybill.jdbc.JdbcIdempotencyStore}, where convoys
 * are, by {@link dev.waybill.jdbc.JdbcConvoyStore}, and payloads of claim checks, by {@link dev.waybill.jdbc.JdbcPayloadStore}.
 */
@NullMarked
package dev.waybill.jdbc;

import org.jspecify.annotations.NullMarked;
