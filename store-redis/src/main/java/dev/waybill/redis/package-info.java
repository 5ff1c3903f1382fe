/**
 * Convoys in Redis, by {@link dev.waybill.redis.RedisConvoyStore}.
 *
 * <p>Format 1 of the data, as other software may read it. All keys of a store begin with <code>{NAME}:</code>, so that a cluster keeps
 * them in one slot; MACHINE is the name of the state machine, encoded as in a URL, and KEY that of the convoy, at most
 * {@value dev.waybill.convoy.ConvoyStore#LONGEST_NAME} characters in UTF-8. None of them expires.
 *
 * <table>
 * <caption>Keys</caption>
 * <tr><th>after the name</th><th>type</th><th>what</th></tr>
 * <tr><td>{@code store}</td><td>hash</td><td>{@code format}, and {@code last-letter}, the number of the last letter</td></tr>
 * <tr><td>{@code MACHINE:index}</td><td>sorted set</td><td>the keys of all convoys, all of score 0</td></tr>
 * <tr><td>{@code MACHINE:counts}</td><td>hash</td><td>how many convoys there are, by {@code STATUS STATE}, and {@code held}, how many
 *     messages are held; not exact any more if somebody has deleted a convoy behind the store's back</td></tr>
 * <tr><td>{@code MACHINE:outbox}</td><td>sorted set</td><td>the numbers of all letters, by when they were stored</td></tr>
 * <tr><td>{@code MACHINE:due}</td><td>sorted set</td><td>the keys of convoys, by when something is to be done about them</td></tr>
 * <tr><td>{@code MACHINE:sending}</td><td>sorted set</td><td>the keys of convoys that have letters, by when these may be sent</td></tr>
 * <tr><td>{@code MACHINE:due:leases}, {@code MACHINE:sending:leases}</td><td>sorted set</td><td>which of these somebody has, by
 *     when that ends</td></tr>
 * <tr><td>{@code MACHINE:due:owners}, {@code MACHINE:sending:owners}</td><td>hash</td><td>the token of the transaction that has
 *     it</td></tr>
 * <tr><td>{@code MACHINE:convoy:KEY}</td><td>hash</td><td>{@code state}, {@code status}, {@code version}, {@code machine-version},
 *     {@code data}, {@code created}, {@code since}, {@code due}, {@code held}, {@code steps}, {@code alerted} (0 or 1), {@code failures},
 *     {@code failed-message}, {@code failure} as in {@link dev.waybill.convoy.StoredConvoy}, the last two if there are any; and {@code commit}, the token of
 *     the transaction that wrote it</td></tr>
 * <tr><td>{@code MACHINE:history:KEY}</td><td>list</td><td>entries, oldest first: {@code version}, {@code at}, {@code message},
 *     {@code event}, {@code from}, {@code to}</td></tr>
 * <tr><td>{@code MACHINE:ids:KEY}</td><td>hash</td><td>ids of messages, each {@code done} or {@code held}</td></tr>
 * <tr><td>{@code MACHINE:held:KEY}</td><td>hash</td><td>messages by their order: {@code id}, {@code type}, and headers as
 *     {@code h.NAME}</td></tr>
 * <tr><td>{@code MACHINE:letters:KEY}</td><td>sorted set</td><td>letters by their number, each the number, a space, {@code queue},
 *     and what else as {@code m.NAME}</td></tr>
 * </table>
 *
 * <p>Entries, messages and letters are names and values as in the query of a URL; then, where there is a body, a line feed and the
 * body. Times are milliseconds since 1970 by the clock of Redis.
 */
@NullMarked
package dev.waybill.redis;

import org.jspecify.annotations.NullMarked;
