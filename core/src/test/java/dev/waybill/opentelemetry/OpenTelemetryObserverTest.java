package dev.waybill.opentelemetry;

import static io.opentelemetry.api.common.AttributeKey.longKey;
import static io.opentelemetry.api.common.AttributeKey.stringKey;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.waybill.Codec;
import dev.waybill.DeadLetterFilter;
import dev.waybill.DeadLetters;
import dev.waybill.Delivery;
import dev.waybill.Message;
import dev.waybill.Outcome;
import dev.waybill.Producer;
import dev.waybill.Queue;
import dev.waybill.RetryPolicy;
import dev.waybill.Waybill;
import dev.waybill.WaybillConfig;
import io.opentelemetry.api.baggage.Baggage;
import io.opentelemetry.api.baggage.propagation.W3CBaggagePropagator;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.ContextPropagators;
import io.opentelemetry.context.propagation.TextMapPropagator;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.LinkData;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Traces through the in-memory broker, by the SDK. */
class OpenTelemetryObserverTest {
    private static final AttributeKey<String> ERROR = stringKey("error.type");

    private final InMemorySpanExporter exported = InMemorySpanExporter.create();
    private final OpenTelemetrySdk telemetry = OpenTelemetrySdk.builder()
            .setTracerProvider(SdkTracerProvider.builder()
                    .addSpanProcessor(SimpleSpanProcessor.create(exported))
                    .build())
            .setPropagators(ContextPropagators.create(TextMapPropagator.composite(
                    W3CTraceContextPropagator.getInstance(), W3CBaggagePropagator.getInstance())))
            .build();
    private final Waybill waybill = Waybill.open(config("in-memory:").observer(new OpenTelemetryObserver(telemetry)));
    private final Queue<String> queue = Queue.named("orders", Codec.text())
            .maxDeliveries(2)
            .retry(RetryPolicy.immediate())
            .build();

    private static WaybillConfig config(String uri) {
        return WaybillConfig.of(Map.of("waybill.broker", "in-memory", "waybill.uri", uri));
    }

    @AfterEach
    void close() {
        waybill.close();
        telemetry.close();
    }

    private List<SpanData> spans(String name) {
        return exported.getFinishedSpanItems().stream()
                .filter(span -> span.getName().equals(name))
                .toList();
    }

    private List<SpanData> awaitSpans(String name, int count) {
        await().untilAsserted(() -> assertThat(spans(name)).hasSize(count));
        return spans(name);
    }

    @Test
    void aSendAndItsHandlingAreSpansOfOneTraceWithTheAttributesOfTheConventions() {
        Message<String> message = Message.of("12345");
        List<SpanContext> inHandler = new CopyOnWriteArrayList<>();
        List<String> baggage = new CopyOnWriteArrayList<>();
        waybill.consumer(queue).start(delivery -> {
            inHandler.add(Span.current().getSpanContext());
            baggage.add(Baggage.current().getEntryValue("tenant"));
        });
        Span request = telemetry.getTracer("test").spanBuilder("request").startSpan();
        Context.root()
                .with(request)
                .with(Baggage.builder().put("tenant", "acme").build())
                .wrap(() -> waybill.producer(queue).sendAndWait(message))
                .run();
        SpanData sent = awaitSpans("send orders", 1).get(0);
        SpanData handled = awaitSpans("process orders", 1).get(0);
        assertThat(sent.getKind()).isEqualTo(SpanKind.PRODUCER);
        assertThat(sent.getParentSpanId()).isEqualTo(request.getSpanContext().getSpanId());
        assertThat(sent.getAttributes().asMap())
                .isEqualTo(Attributes.builder()
                        .put("messaging.system", "in_memory")
                        .put("messaging.destination.name", "orders")
                        .put("messaging.operation.name", "send")
                        .put("messaging.operation.type", "send")
                        .put("messaging.message.id", message.id())
                        .put("messaging.message.body.size", 5)
                        .build()
                        .asMap());
        assertThat(handled.getKind()).isEqualTo(SpanKind.CONSUMER);
        assertThat(handled.getTraceId()).isEqualTo(request.getSpanContext().getTraceId());
        assertThat(handled.getParentSpanId()).isEqualTo(sent.getSpanId());
        assertThat(handled.getAttributes().asMap())
                .isEqualTo(Attributes.builder()
                        .put("messaging.system", "in_memory")
                        .put("messaging.destination.name", "orders")
                        .put("messaging.operation.name", "process")
                        .put("messaging.operation.type", "process")
                        .put("messaging.message.id", message.id())
                        .put("messaging.message.body.size", 5)
                        .put("waybill.delivery.count", 1)
                        .put("waybill.outcome", "accept")
                        .build()
                        .asMap());
        assertThat(inHandler).containsExactly(handled.getSpanContext());
        assertThat(baggage).containsExactly("acme");
    }

    @Test
    void retriesDeadLettersAndRedrivenMessagesKeepTheContext() {
        waybill.consumer(queue).startReturning(delivery -> {
            if (delivery.headers().containsKey("never")) {
                return Outcome.accept();
            }
            throw new IllegalStateException("not now");
        });
        waybill.producer(queue).sendAndWait("m");
        SpanData sent = awaitSpans("send orders", 1).get(0);
        awaitSpans("process orders", 2);
        DeadLetters dead = waybill.deadLetters(queue);
        await().untilAsserted(() -> assertThat(dead.count()).isEqualTo(1));
        String traceparent = "00-" + sent.getTraceId() + "-" + sent.getSpanId() + "-";
        assertThat(dead.browse(DeadLetterFilter.all(), 0, 1))
                .singleElement()
                .satisfies(letter ->
                        assertThat(letter.headers().get("traceparent")).startsWith(traceparent));
        dead.redrive(DeadLetterFilter.all()).run();
        List<SpanData> handled = awaitSpans("process orders", 4);
        assertThat(handled).extracting(SpanData::getParentSpanId).containsOnly(sent.getSpanId());
        assertThat(handled)
                .extracting(span -> span.getAttributes().get(longKey("waybill.delivery.count")))
                .containsExactly(1L, 2L, 1L, 2L);
        assertThat(handled).allSatisfy(span -> {
            assertThat(span.getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
            assertThat(span.getAttributes().get(ERROR)).isEqualTo("java.lang.IllegalStateException");
            assertThat(span.getEvents()).hasSize(1);
        });
        assertThat(spans("send orders")).hasSize(1);
    }

    @Test
    void aContextThatTheApplicationHasSetItselfStays() {
        String own = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        List<Map<String, String>> headers = new CopyOnWriteArrayList<>();
        waybill.consumer(queue).start(delivery -> headers.add(delivery.headers()));
        Context.root()
                .with(Baggage.builder().put("tenant", "other").build())
                .wrap(() -> waybill.producer(queue)
                        .sendAndWait(
                                Message.with("m").header("traceparent", own).build()))
                .run();
        SpanData sent = awaitSpans("send orders", 1).get(0);
        SpanData handled = awaitSpans("process orders", 1).get(0);
        assertThat(headers).containsExactly(Map.of("traceparent", own));
        assertThat(sent.getKind()).isEqualTo(SpanKind.CLIENT);
        assertThat(sent.getLinks())
                .extracting(link -> link.getSpanContext().getSpanId())
                .containsExactly("b7ad6b7169203331");
        assertThat(handled.getParentSpanId()).isEqualTo("b7ad6b7169203331");
    }

    @Test
    void otherHeadersOfTheApplicationAreNotOverwrittenEither() {
        List<Map<String, String>> headers = new CopyOnWriteArrayList<>();
        waybill.consumer(queue).start(delivery -> headers.add(delivery.headers()));
        Context.root()
                .with(Baggage.builder().put("tenant", "ours").build())
                .wrap(() -> waybill.producer(queue)
                        .sendAndWait(Message.with("m")
                                .header("baggage", "tenant=own")
                                .build()))
                .run();
        await().untilAsserted(() -> assertThat(headers).hasSize(1));
        assertThat(headers.get(0)).containsEntry("baggage", "tenant=own").containsKey("traceparent");
    }

    @Test
    void aBatchHasOneSpanThatLinksToEachMessage() {
        Producer<String> producer = waybill.producer(queue);
        for (int i = 0; i < 3; i++) {
            producer.sendAndWait("m" + i);
        }
        List<SpanData> sent = awaitSpans("send orders", 3);
        waybill.consumer(queue).startBatch(3, deliveries -> Collections.nCopies(deliveries.size(), Outcome.accept()));
        SpanData handled = awaitSpans("process orders", 1).get(0);
        assertThat(handled.getParentSpanContext().isValid()).isFalse();
        assertThat(handled.getAttributes().get(longKey("messaging.batch.message_count")))
                .isEqualTo(3);
        assertThat(handled.getLinks())
                .extracting(LinkData::getSpanContext)
                .extracting(SpanContext::getSpanId)
                .containsExactlyElementsOf(
                        sent.stream().map(SpanData::getSpanId).toList());
    }

    @Test
    void failuresSayOfWhatType() {
        Producer<String> closed = waybill.producer(queue);
        closed.close();
        assertThat(closed.send("m")).isCompletedExceptionally();
        SpanData sent = awaitSpans("send orders", 1).get(0);
        assertThat(sent.getAttributes().get(ERROR)).isEqualTo("closed");
        assertThat(sent.getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);

        waybill.consumer(queue).startReturning(delivery -> Outcome.deadLetter("no such customer"));
        waybill.producer(queue).sendAndWait("m");
        SpanData rejected = awaitSpans("process orders", 1).get(0);
        assertThat(rejected.getAttributes().get(ERROR)).isEqualTo("dead_letter");
        assertThat(rejected.getAttributes().get(stringKey("waybill.outcome"))).isEqualTo("dead_letter");
        assertThat(rejected.getStatus().getDescription()).isEqualTo("no such customer");
    }

    @Test
    void aMessageOfSomebodyWhoDoesNotTraceStartsATrace() {
        try (Waybill silent = Waybill.open(config("in-memory:shared"));
                Waybill tracing =
                        Waybill.open(config("in-memory:shared").observer(new OpenTelemetryObserver(telemetry)))) {
            List<Delivery<String>> seen = new CopyOnWriteArrayList<>();
            tracing.consumer(queue).start(seen::add);
            silent.producer(queue).sendAndWait("m");
            SpanData handled = awaitSpans("process orders", 1).get(0);
            assertThat(handled.getParentSpanContext().isValid()).isFalse();
            assertThat(seen)
                    .singleElement()
                    .satisfies(delivery -> assertThat(delivery.headers()).isEmpty());
        }
    }
}
