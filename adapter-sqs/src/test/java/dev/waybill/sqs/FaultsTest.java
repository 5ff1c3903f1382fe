package dev.waybill.sqs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waybill.SendException.Reason;
import dev.waybill.spi.BrokerException;
import dev.waybill.spi.BrokerException.Kind;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.security.cert.CertificateException;
import javax.net.ssl.SSLHandshakeException;
import org.apache.hc.client5.http.ConnectTimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.ApiCallTimeoutException;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.services.sqs.model.SqsException;

class FaultsTest {
    private static AwsServiceException answer(int status, String code, String message) {
        return SqsException.builder()
                .statusCode(status)
                .requestId("r-1")
                .message(message)
                .awsErrorDetails(AwsErrorDetails.builder()
                        .errorCode(code)
                        .errorMessage(message)
                        .build())
                .build();
    }

    private static SdkClientException unsent(Exception cause) {
        return SdkClientException.create("Unable to execute HTTP request: " + cause.getMessage(), cause);
    }

    @ParameterizedTest
    @CsvSource({
        "403, AccessDenied, DENIED",
        "400, AccessDeniedException, DENIED",
        "400, com.amazon.coral.service#UnrecognizedClientException, DENIED",
        "400, InvalidSignatureException, DENIED",
        "400, ExpiredTokenException, DENIED",
        "403, InvalidClientTokenId, DENIED",
        "400, KMS.AccessDeniedException, DENIED",
        "400, QueueDoesNotExist, MISSING",
        "400, AWS.SimpleQueueService.NonExistentQueue, MISSING",
        "400, RequestThrottled, UNAVAILABLE",
        "403, ThrottlingException, UNAVAILABLE",
        "400, KmsThrottled, UNAVAILABLE",
        "403, OverLimit, UNAVAILABLE",
        "400, AWS.SimpleQueueService.QueueDeletedRecently, UNAVAILABLE",
        "500, InternalFailure, UNAVAILABLE",
        "503, ServiceUnavailable, UNAVAILABLE",
        "400, InvalidParameterValue, REFUSED",
    })
    void an_answer_is_classified_by_its_code_and_status(int status, String code, Kind kind) {
        BrokerException classified = Faults.of(answer(status, code, "no"));
        assertThat(classified.kind()).isEqualTo(kind);
        assertThat(classified).hasMessageContaining(code).hasMessageContaining("r-1");
    }

    @Test
    void no_answer_is_unavailable_but_a_wrong_certificate_is_refused_and_no_credentials_are_denied() {
        assertThat(Faults.of(unsent(new SocketException("Connection reset"))).kind())
                .isEqualTo(Kind.UNAVAILABLE);
        SSLHandshakeException untrusted = new SSLHandshakeException("PKIX path building failed");
        untrusted.initCause(new CertificateException("not trusted"));
        assertThat(Faults.of(unsent(untrusted)).kind()).isEqualTo(Kind.REFUSED);
        SdkClientException none =
                SdkClientException.create("Unable to load credentials from any of the providers in the chain");
        assertThat(Faults.of(none).kind()).isEqualTo(Kind.DENIED);
        assertThat(Faults.maybeStored(none)).isFalse();
        assertThat(Faults.reason(none)).isEqualTo(Reason.REJECTED);
        assertThat(Faults.of(new IllegalStateException("a bug")).kind()).isEqualTo(Kind.REFUSED);
    }

    @Test
    void what_was_never_sent_is_not_stored() {
        for (IOException cause : new IOException[] {
            new ConnectException("refused"),
            new ConnectTimeoutException("connect timed out"),
            new UnknownHostException("sqs.nowhere"),
            new SSLHandshakeException("closed during the handshake"),
        }) {
            assertThat(Faults.maybeStored(unsent(cause))).as(cause.toString()).isFalse();
            assertThat(Faults.reason(unsent(cause))).isEqualTo(Reason.CONNECTION_LOST);
        }
    }

    @Test
    void what_was_sent_and_not_answered_may_be_stored() {
        assertThat(Faults.maybeStored(unsent(new SocketException("Connection reset"))))
                .isTrue();
        assertThat(Faults.maybeStored(unsent(new SocketTimeoutException("Read timed out"))))
                .isTrue();
        ApiCallTimeoutException timeout = ApiCallTimeoutException.create(1_000);
        assertThat(Faults.maybeStored(timeout)).isTrue();
        assertThat(Faults.reason(timeout)).isEqualTo(Reason.TIMED_OUT);
    }

    @Test
    void an_answer_that_refuses_means_not_stored_but_a_server_error_leaves_it_open() {
        assertThat(Faults.maybeStored(answer(400, "InvalidMessageContents", "no")))
                .isFalse();
        assertThat(Faults.maybeStored(answer(503, "ServiceUnavailable", "no"))).isTrue();
        assertThat(Faults.reason(answer(400, "AWS.SimpleQueueService.BatchRequestTooLong", "no")))
                .isEqualTo(Reason.TOO_LARGE);
        assertThat(Faults.reason(answer(400, "QueueDoesNotExist", "no"))).isEqualTo(Reason.UNROUTABLE);
    }

    @Test
    void only_what_is_certainly_not_stored_and_may_pass_soon_is_repeated() {
        assertThat(Faults.repeatable(answer(400, "RequestThrottled", "slow down")))
                .isTrue();
        assertThat(Faults.repeatable(answer(503, "ServiceUnavailable", "no"))).isFalse();
        assertThat(Faults.repeatable(answer(400, "InvalidMessageContents", "no")))
                .isFalse();
        assertThat(Faults.repeatable(unsent(new SocketException("Connection reset"))))
                .isFalse();
        assertThat(Faults.repeatable(unsent(new ConnectException("refused")))).isFalse();
    }

    @Test
    void what_was_signed_is_told_to_nobody() {
        BrokerException denied = Faults.of(answer(
                403,
                "SignatureDoesNotMatch",
                "The signature does not match. The Canonical String for this request should have been"
                        + " 'x-amz-security-token:SECRET'"));
        assertThat(denied).hasMessageContaining("does not match").hasMessageNotContaining("SECRET");
        assertThat(denied.getCause()).isNull();
    }
}
