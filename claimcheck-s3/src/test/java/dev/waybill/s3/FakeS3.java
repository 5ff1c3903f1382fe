package dev.waybill.s3;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.IntConsumer;
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

    private final Map<Integer, byte[]> parts = new ConcurrentHashMap<>();
    private volatile List<byte[]> stored = List.of();

    /** What was put, or the parts that were completed. */
    List<byte[]> stored() {
        return stored;
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
        throw NoSuchKeyException.builder().build();
    }

    @Override
    public PutObjectResponse putObject(PutObjectRequest request, RequestBody body) {
        requests.add("put");
        kmsKeys.add(request.serverSideEncryption() + " " + request.ssekmsKeyId());
        stored = List.of(bytes(body));
        return PutObjectResponse.builder().build();
    }

    @Override
    public CreateMultipartUploadResponse createMultipartUpload(CreateMultipartUploadRequest request) {
        requests.add("create");
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
