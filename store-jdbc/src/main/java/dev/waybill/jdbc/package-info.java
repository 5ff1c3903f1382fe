/**
 * What is kept in a relational database: which messages are done, by {@link dev.waybill.jdbc.JdbcIdempotencyStore}, and where convoys
 * are, by {@link dev.waybill.jdbc.JdbcConvoyStore}.
 */
@NullMarked
package dev.waybill.jdbc;

import org.jspecify.annotations.NullMarked;
