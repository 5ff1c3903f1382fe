/** The engine behind the API: not for applications, not for adapters, and free to change. */
@NullMarked
package dev.waybill.internal;

import org.jspecify.annotations.NullMarked;
