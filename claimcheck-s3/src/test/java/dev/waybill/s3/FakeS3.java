package dev.waybill.s3;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.AbortMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.AbortMultipartUploadResponse;
import software.amazon.awssdk.services.s3.model.CompleteMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.CompleteMultipartUploadResponse;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.CreateMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.CreateMultipartUploadResponse;
import software.amazon.awssdk.services.s3.model.HeadObjectRequest;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Request;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.PutObjectResponse;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.services.s3.model.UploadPartRequest;
import software.amazon.awssdk.services.s3.model.UploadPartResponse;

/** Takes one upload, and tells what it was asked for. */
final class FakeS3 implements S3Client {
    /** In the order in which they came, but for the parts, which stand here in the order in which they were taken. */
    final List<String> requests = new CopyOnWriteArrayList<>();

    /** By which objects are to be encrypted. */
    final List<String> kmsKeys = new CopyOnWriteArrayList<>();

    /** Before a part of that number is taken. */
    volatile IntConsumer beforePart = number -> {};

    /** What it fails with when it has taken an object, as the last of several that the client has tried. */
    volatile @Nullable S3Exception answer;

    /** As if somebody else had written the object. */
    volatile boolean overtaken;

    private volatile @Nullable Map<String, String> metadata;
    private final Map<Integer, byte[]> parts = new ConcurrentHashMap<>();
    private volatile List<byte[]> stored = List.of();

    /** What was put, or the parts that were completed. */
    List<byte[]> stored() {
        return stored;
    }

    private void answer() {
        S3Exception told = answer;
        if (told != null) {
            throw told;
        }
    }

    private static byte[] bytes(RequestBody body) {
        try (InputStream in = body.contentStreamProvider().newStream()) {
            return in.readAllBytes();
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    @Override
    public ListObjectsV2Response listObjectsV2(ListObjectsV2Request request) {
        return ListObjectsV2Response.builder().build();
    }

    @Override
    public HeadObjectResponse headObject(HeadObjectRequest request) {
        requests.add("head");
        if (answer == null || stored.isEmpty()) {
            throw NoSuchKeyException.builder().build();
        }
        return HeadObjectResponse.builder()
                .metadata(overtaken ? Map.of() : metadata)
                .build();
    }

    @Override
    public PutObjectResponse putObject(PutObjectRequest request, RequestBody body) {
        requests.add("put");
        kmsKeys.add(request.serverSideEncryption() + " " + request.ssekmsKeyId());
        metadata = request.metadata();
        stored = List.of(bytes(body));
        answer();
        return PutObjectResponse.builder().build();
    }

    @Override
    public CreateMultipartUploadResponse createMultipartUpload(CreateMultipartUploadRequest request) {
        requests.add("create");
        metadata = request.metadata();
        kmsKeys.add(request.serverSideEncryption() + " " + request.ssekmsKeyId());
        return CreateMultipartUploadResponse.builder().uploadId("upload").build();
    }

    @Override
    public UploadPartResponse uploadPart(UploadPartRequest request, RequestBody body) {
        beforePart.accept(request.partNumber());
        parts.put(request.partNumber(), bytes(body));
        requests.add("part " + request.partNumber());
        return UploadPartResponse.builder().eTag("tag").build();
    }

    @Override
    public CompleteMultipartUploadResponse completeMultipartUpload(CompleteMultipartUploadRequest request) {
        requests.add("complete");
        stored = request.multipartUpload().parts().stream()
                .map(CompletedPart::partNumber)
                .map(parts::get)
                .toList();
        answer();
        return CompleteMultipartUploadResponse.builder().build();
    }

    @Override
    public AbortMultipartUploadResponse abortMultipartUpload(AbortMultipartUploadRequest request) {
        requests.add(Thread.currentThread().isInterrupted() ? "abort, which the SDK would not send" : "abort");
        return AbortMultipartUploadResponse.builder().build();
    }

    @Override
    public String serviceName() {
        return SERVICE_NAME;
    }

    @Override
    public void close() {}
}
