package dev.waybill.spi;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;

/** What core hands to a provider: the configuration that concerns it, and the services that all adapters share. */
public interface BrokerContext {

    /** {@code waybill.uri}; empty means the broker's usual address on this host. */
    Optional<String> uri();

    /** {@code waybill.username}, which is the access key id on SQS. */
    Optional<String> username();

    /** {@code waybill.password}, which is the secret access key on SQS. Never to be logged or put into a message. */
    Optional<String> password();

    /** {@code waybill.tls.*}; empty means the JVM's own trust store where the address asks for TLS. */
    Optional<TlsSettings> tls();

    /** One of the adapter's own {@linkplain BrokerProvider#keys() keys}, without prefix. */
    Optional<String> setting(String key);

    /** What stands under {@code waybill.<name>.native.}, for the vendor's client, untouched. */
    Map<String, String> nativeSettings();

    /** Names this process to the broker, for its logs and management pages: {@code waybill.client-name}. */
    String clientName();

    /** The longest that opening a connection may take. */
    Duration connectTimeout();

    /** The longest that a send may take; core times it too. For clients that want to know. */
    Duration sendTimeout();

    /** Runs blocking calls to the broker: a virtual thread each where the JVM has them, a cached pool elsewhere. */
    Executor blocking();

    /** Time, which a test may set. */
    TimeSource time();
}
