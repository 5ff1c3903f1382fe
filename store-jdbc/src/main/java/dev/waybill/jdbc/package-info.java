/**
 * Idempotent consumers by a table in a relational database: {@link dev.waybill.jdbc.JdbcIdempotencyStore}.
 */
@NullMarked
package dev.waybill.jdbc;

import org.jspecify.annotations.NullMarked;
