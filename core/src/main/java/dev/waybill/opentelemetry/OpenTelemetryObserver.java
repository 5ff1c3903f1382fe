package dev.waybill.opentelemetry;

import dev.waybill.Delivery;
import dev.waybill.Message;
import dev.waybill.Outcome;
import dev.waybill.SendException;
import dev.waybill.WaybillObserver;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.Scope;
import io.opentelemetry.context.propagation.TextMapGetter;
import io.opentelemetry.context.propagation.TextMapPropagator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Traces messages by the semantic conventions for messaging: a span {@code send <queue>} from the call of send to the broker's answer,
 * a span {@code process <queue>} for each call of a handler, current while it runs, and the context between them in the message's
 * headers, as the configured propagators write it. Retries, dead letters and redriven messages keep the context of the first send, so
 * that each delivery is a child of it.
 *
 * <p>A message that comes with a context in headers of the application's own keeps it: its send span is a client span that links to that
 * context, and only the consumer's span is a child of it. A batch has one span, which links to the context of each message.
 *
 * <p>Thread-safe; one may serve several Waybills.
 */
public final class OpenTelemetryObserver implements WaybillObserver {
    private static final AttributeKey<String> SYSTEM = AttributeKey.stringKey("messaging.system");
    private static final AttributeKey<String> DESTINATION = AttributeKey.stringKey("messaging.destination.name");
    private static final AttributeKey<String> OPERATION = AttributeKey.stringKey("messaging.operation.name");
    private static final AttributeKey<String> OPERATION_TYPE = AttributeKey.stringKey("messaging.operation.type");
    private static final AttributeKey<String> MESSAGE_ID = AttributeKey.stringKey("messaging.message.id");
    private static final AttributeKey<Long> BODY_SIZE = AttributeKey.longKey("messaging.message.body.size");
    private static final AttributeKey<Long> BATCH_SIZE = AttributeKey.longKey("messaging.batch.message_count");
    private static final AttributeKey<String> ERROR = AttributeKey.stringKey("error.type");
    // What the conventions have no name for.
    private static final AttributeKey<Long> DELIVERIES = AttributeKey.longKey("waybill.delivery.count");
    private static final AttributeKey<String> OUTCOME = AttributeKey.stringKey("waybill.outcome");

    private final Tracer tracer;
    private final TextMapPropagator propagator;

    public OpenTelemetryObserver(OpenTelemetry openTelemetry) {
        tracer = openTelemetry.getTracer("dev.waybill");
        propagator = openTelemetry.getPropagators().getTextMapPropagator();
    }

    @Override
    public Sending sending(String broker, String queue, Message<?> message, int bodyBytes) {
        SpanContext own = Span.fromContext(contextIn(message.headers())).getSpanContext();
        SpanBuilder builder = span("send", broker, queue)
                .setAttribute(MESSAGE_ID, message.id())
                .setAttribute(BODY_SIZE, (long) bodyBytes);
        if (own.isValid()) {
            Span span = builder.setSpanKind(SpanKind.CLIENT).addLink(own).startSpan();
            return new Sent(span, Map.of());
        }
        Span span = builder.setSpanKind(SpanKind.PRODUCER).startSpan();
        Map<String, String> headers = new LinkedHashMap<>();
        propagator.inject(Context.current().with(span), headers, (into, name, value) -> {
            if (into != null) {
                into.put(name, value);
            }
        });
        return new Sent(span, headers);
    }

    private record Sent(Span span, Map<String, String> headers) implements Sending {
        @Override
        public void ended(@Nullable Throwable failure) {
            if (failure != null) {
                failed(span, failure);
            }
            span.end();
        }
    }

    @Override
    @SuppressWarnings("MustBeClosedChecker") // what is returned closes it
    public Handling handling(String broker, String queue, List<? extends Delivery<?>> deliveries) {
        SpanBuilder builder = span("process", broker, queue).setSpanKind(SpanKind.CONSUMER);
        Context parent = Context.current();
        if (deliveries.size() == 1) {
            Delivery<?> one = deliveries.get(0);
            parent = propagator.extract(parent, one.headers(), HEADERS);
            builder.setAttribute(MESSAGE_ID, one.id())
                    .setAttribute(BODY_SIZE, (long) one.bodyBytes())
                    .setAttribute(DELIVERIES, (long) one.deliveryCount());
        } else {
            builder.setAttribute(BATCH_SIZE, (long) deliveries.size());
            for (Delivery<?> one : deliveries) {
                // Without a valid context it is no link.
                builder.addLink(Span.fromContext(contextIn(one.headers())).getSpanContext());
            }
        }
        Span span = builder.setParent(parent).startSpan();
        return new Handled(span, parent.with(span).makeCurrent());
    }

    private record Handled(Span span, Scope scope) implements Handling {
        @Override
        public void ended(List<Outcome> outcomes, @Nullable Throwable failure) {
            scope.close();
            if (failure != null) {
                failed(span, failure);
            } else if (outcomes.size() == 1) {
                said(outcomes.get(0));
            }
            span.end();
        }

        private void said(Outcome outcome) {
            String kind = outcome.kind().name().toLowerCase(Locale.ROOT);
            span.setAttribute(OUTCOME, kind);
            if (outcome.kind() == Outcome.Kind.DEAD_LETTER) {
                span.setAttribute(ERROR, kind).setStatus(StatusCode.ERROR, outcome.reason());
            }
        }
    }

    private SpanBuilder span(String operation, String broker, String queue) {
        return tracer.spanBuilder(operation + " " + queue)
                .setAttribute(SYSTEM, system(broker))
                .setAttribute(DESTINATION, queue)
                .setAttribute(OPERATION, operation)
                .setAttribute(OPERATION_TYPE, operation);
    }

    /** As the conventions name it. */
    private static String system(String broker) {
        return broker.equals("sqs") ? "aws_sqs" : broker.replace('-', '_');
    }

    private Context contextIn(Map<String, String> headers) {
        return headers.isEmpty() ? Context.root() : propagator.extract(Context.root(), headers, HEADERS);
    }

    private static void failed(Span span, Throwable failure) {
        String type = failure instanceof SendException refused
                ? refused.reason().name().toLowerCase(Locale.ROOT)
                : failure.getClass().getName();
        span.recordException(failure)
                .setAttribute(ERROR, type)
                .setStatus(StatusCode.ERROR, String.valueOf(failure.getMessage()));
    }

    private static final TextMapGetter<Map<String, String>> HEADERS = new TextMapGetter<>() {
        @Override
        @SuppressWarnings("deprecation") // abstract in earlier versions, which an application may have
        public Iterable<String> keys(Map<String, String> headers) {
            return headers.keySet();
        }

        @Override
        public @Nullable String get(@Nullable Map<String, String> headers, String name) {
            return headers == null ? null : headers.get(name);
        }
    };
}
