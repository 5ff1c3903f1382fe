/**
 * Sequential convoys with a state: a {@link dev.waybill.convoy.StateMachine} says which messages of one key are awaited and what
 * they lead to, {@link dev.waybill.convoy.Convoys} runs it on a queue that is ordered by key, and a
 * {@link dev.waybill.convoy.ConvoyStore} keeps where each convoy is.
 */
@NullMarked
package dev.waybill.convoy;

import org.jspecify.annotations.NullMarked;
