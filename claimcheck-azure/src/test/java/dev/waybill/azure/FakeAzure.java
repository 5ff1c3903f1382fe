package dev.waybill.azure;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.azure.core.http.jdk.httpclient.JdkHttpClientBuilder;
import com.azure.storage.blob.BlobContainerClientBuilder;
import com.azure.storage.common.StorageSharedKeyCredential;
import com.azure.storage.common.policy.RequestRetryOptions;
import com.azure.storage.common.policy.RetryPolicyType;
import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.IntConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Serves one blob as Azure does, tells what it was asked for, and fails when it is told to. */
final class FakeAzure implements AutoCloseable {
    private static final String WRITER = "x-ms-meta-waybill_writer";
    private static final Pattern RANGE = Pattern.compile("bytes=(\\d+)-(\\d+)");
    private static final Pattern BLOCK = Pattern.compile("blockid=([^&]+)");
    private static final Pattern DELETION = Pattern.compile("Content-ID: (\\d+)\r\n\r\nDELETE \\S+/([^/? ]+)[? ]");
    private static final Pattern LATEST = Pattern.compile("<Latest>([^<]+)</Latest>");
    private static final String MODIFIED = "Fri, 27 Nov 2026 12:00:00 GMT";
    private static final int NOTHING = -1;

    /** In the order in which they were answered, but for lists that were given. */
    final List<String> requests = new CopyOnWriteArrayList<>();

    /** Before a block of that number is taken. */
    volatile IntConsumer beforeBlock = number -> {};

    /** What is answered instead to a request: a status and a code, or null. */
    volatile Function<String, @Nullable String> instead = request -> null;

    /** What is in the container, in that order: all of it in each list, as of a service version that does not know where to start. */
    volatile List<String> listed = List.of();

    /** What is answered to the deletion of a blob in a batch: a status, a code. */
    volatile Function<String, String> deletion = blob -> "202 Accepted";

    /** When the half of what is read has been sent. */
    volatile Runnable halfWay = () -> {};

    /** How many requests that change something are obeyed, but not answered. */
    final AtomicInteger answersToLose = new AtomicInteger();

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final Map<String, byte[]> blocks = new ConcurrentHashMap<>();
    private volatile List<byte[]> stored = List.of();
    private volatile String writer = "";

    FakeAzure() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.setExecutor(threads);
        server.start();
    }

    /** For a client that tries twice, and waits for an answer so long. */
    BlobContainerClientBuilder client(Duration patience) {
        return new BlobContainerClientBuilder()
                .endpoint("http://127.0.0.1:" + server.getAddress().getPort() + "/account")
                .containerName("payloads")
                .credential(new StorageSharedKeyCredential("account", "c2VjcmV0"))
                .httpClient(new JdkHttpClientBuilder().responseTimeout(patience).build())
                .retryOptions(new RequestRetryOptions(
                        RetryPolicyType.FIXED, 2, (Duration) null, Duration.ofMillis(1), Duration.ofMillis(1), null));
    }

    /** What was put, or the blocks that were committed; nothing while there is no blob. */
    List<byte[]> stored() {
        return stored;
    }

    /** As if somebody else had written the blob. */
    void store(byte[] bytes) {
        stored = List.of(bytes);
        writer = "another";
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            String query = String.valueOf(exchange.getRequestURI().getQuery());
            byte[] body = exchange.getRequestBody().readAllBytes();
            Headers headers = exchange.getResponseHeaders();
            headers.add("x-ms-request-id", "1");
            headers.add("ETag", "\"1\"");
            headers.add("Content-Type", "application/xml");
            headers.add("Last-Modified", MODIFIED);
            String request = name(exchange.getRequestMethod(), query);
            String other = instead.apply(request);
            if (other != null) {
                requests.add(request);
                refuse(exchange, other);
            } else if (exchange.getRequestMethod().equals("PUT")) {
                String refusal = take(request, query, body, exchange.getRequestHeaders());
                requests.add(request);
                if (refusal != null) {
                    refuse(exchange, refusal);
                } else if (answersToLose.getAndUpdate(left -> Math.max(0, left - 1)) == 0) {
                    headers.add("x-ms-request-server-encrypted", "true");
                    exchange.sendResponseHeaders(201, NOTHING);
                }
            } else if (request.equals("list")) {
                send(exchange, 200, list());
            } else if (request.equals("batch")) {
                requests.add(request);
                headers.set("Content-Type", "multipart/mixed; boundary=answer");
                send(exchange, 202, deletions(new String(body, UTF_8)));
            } else if (request.equals("delegation")) {
                requests.add(request);
                send(exchange, 200, delegation(new String(body, UTF_8)));
            } else {
                requests.add(request);
                give(exchange);
            }
        }
    }

    private static String name(String method, String query) {
        Matcher block = BLOCK.matcher(query);
        if (block.find()) {
            return "block " + number(block.group(1));
        }
        if (query.contains("comp=list")) {
            return "list";
        }
        if (query.contains("comp=batch")) {
            return "batch";
        }
        if (query.contains("comp=userdelegationkey")) {
            return "delegation";
        }
        return query.contains("comp=blocklist") ? "commit" : method.toLowerCase(Locale.ROOT);
    }

    private static int number(String block) {
        String id = new String(Base64.getDecoder().decode(block), UTF_8);
        return Integer.parseInt(id.substring(id.lastIndexOf('-') + 1));
    }

    private static String sum(byte[] body) {
        try {
            return Base64.getEncoder()
                    .encodeToString(MessageDigest.getInstance("MD5").digest(body));
        } catch (NoSuchAlgorithmException none) {
            throw new IllegalStateException(none);
        }
    }

    /** Returns why not, or null; other than Azure it wants a sum of all that it is sent. */
    private @Nullable String take(String request, String query, byte[] body, Headers headers) {
        if (!request.equals("commit") && !sum(body).equals(headers.getFirst("Content-MD5"))) {
            return "400 Md5Mismatch";
        }
        Matcher block = BLOCK.matcher(query);
        if (block.find()) {
            beforeBlock.accept(number(block.group(1)));
            blocks.put(block.group(1), body);
            return null;
        }
        synchronized (this) {
            if (!stored.isEmpty() && "*".equals(headers.getFirst("If-None-Match"))) {
                return "409 BlobAlreadyExists";
            }
            stored = request.equals("put")
                    ? List.of(body)
                    : LATEST.matcher(new String(body, UTF_8))
                            .results()
                            .map(latest -> blocks.get(latest.group(1)))
                            .toList();
            writer = headers.getFirst(WRITER);
            return null;
        }
    }

    private String list() {
        return listed.stream()
                .map(name -> "<Blob><Name>" + name + "</Name><Properties><Last-Modified>" + MODIFIED
                        + "</Last-Modified><Content-Length>1</Content-Length></Properties></Blob>")
                .collect(Collectors.joining(
                        "", "<EnumerationResults><Blobs>", "</Blobs><NextMarker/></EnumerationResults>"));
    }

    private String deletions(String batch) {
        return DELETION.matcher(batch)
                .results()
                .map(each -> "--answer\r\nContent-Type: application/http\r\nContent-ID: " + each.group(1) + "\r\n\r\n"
                        + part(deletion.apply(each.group(2))))
                .collect(Collectors.joining("", "", "--answer--\r\n"));
    }

    private static String part(String answer) {
        String code = answer.substring(answer.indexOf(' ') + 1);
        String head = "HTTP/1.1 " + answer + "\r\nx-ms-request-id: 1\r\n";
        return answer.startsWith("2")
                ? head + "\r\n"
                : head + "x-ms-error-code: " + code + "\r\nContent-Type: application/xml\r\n\r\n<Error><Code>" + code
                        + "</Code></Error>\r\n";
    }

    /** As it is asked for. */
    private static String delegation(String request) {
        return "<UserDelegationKey><SignedOid>identity</SignedOid><SignedTid>tenant</SignedTid><SignedStart>"
                + between("<Start>", "</Start>", request) + "</SignedStart><SignedExpiry>"
                + between("<Expiry>", "</Expiry>", request)
                + "</SignedExpiry><SignedService>b</SignedService><SignedVersion>2026-02-06</SignedVersion>"
                + "<Value>c2VjcmV0</Value></UserDelegationKey>";
    }

    private static String between(String before, String behind, String text) {
        int start = text.indexOf(before) + before.length();
        return text.substring(start, text.indexOf(behind, start));
    }

    private void give(HttpExchange exchange) throws IOException {
        if (stored.isEmpty()) {
            refuse(exchange, "404 BlobNotFound");
            return;
        }
        exchange.getResponseHeaders().add(WRITER, writer);
        if (exchange.getRequestMethod().equals("HEAD")) {
            exchange.sendResponseHeaders(200, NOTHING);
            return;
        }
        byte[] blob = stored.get(0);
        Headers asked = exchange.getRequestHeaders();
        Matcher range =
                RANGE.matcher(String.valueOf(asked.getFirst(asked.containsKey("x-ms-range") ? "x-ms-range" : "Range")));
        if (!range.matches()) {
            throw new IllegalArgumentException("no range is asked for");
        }
        int from = Integer.parseInt(range.group(1));
        int to = Math.min(blob.length, Integer.parseInt(range.group(2)) + 1);
        exchange.getResponseHeaders().add("Content-Range", "bytes " + from + "-" + (to - 1) + "/" + blob.length);
        exchange.sendResponseHeaders(206, to - from);
        int half = (from + to) / 2;
        exchange.getResponseBody().write(blob, from, half - from);
        exchange.getResponseBody().flush();
        halfWay.run();
        exchange.getResponseBody().write(blob, half, to - half);
    }

    private static void refuse(HttpExchange exchange, String how) throws IOException {
        int space = how.indexOf(' ');
        exchange.getResponseHeaders().add("x-ms-error-code", how.substring(space + 1));
        exchange.sendResponseHeaders(Integer.parseInt(how.substring(0, space)), NOTHING);
    }

    private static void send(HttpExchange exchange, int status, String text) throws IOException {
        byte[] body = text.getBytes(UTF_8);
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
