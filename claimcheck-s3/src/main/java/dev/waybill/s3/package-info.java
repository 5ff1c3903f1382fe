/**
 * Claim checks in Amazon S3, or what speaks its protocol: {@link dev.waybill.s3.S3PayloadStore}.
 *
 * <p>The application makes the {@code S3Client}, with its region, credentials, end point and time-outs, and closes it.
 *
 * <p>Its role needs {@code s3:PutObject}, {@code s3:AbortMultipartUpload}, {@code s3:GetObject} and {@code s3:DeleteObject} on the objects
 * and {@code s3:ListBucket} on the bucket: without the last S3 answers 403 instead of 404 for what is not there, which cannot be told
 * from a store that refuses everything, so that a message whose payload is gone would wait instead of going to the dead-letter queue.
 *
 * <p>As a net below, have the bucket itself end what nobody else does: a lifecycle rule that expires objects after longer than any message
 * may wait, dead letters included, and {@code AbortIncompleteMultipartUpload} after a day.
 */
@org.jspecify.annotations.NullMarked
package dev.waybill.s3;
