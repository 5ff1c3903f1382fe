/** Traces by OpenTelemetry; needs {@code io.opentelemetry:opentelemetry-api} on the class path. */
@NullMarked
package dev.waybill.opentelemetry;

import org.jspecify.annotations.NullMarked;
