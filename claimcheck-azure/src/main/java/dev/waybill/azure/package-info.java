/**
 * Claim checks in Azure Blob Storage: {@link dev.waybill.azure.AzurePayloadStore}.
 *
 * <p>The application makes the {@code BlobContainerClient}, with its credentials, end point, encryption scope, retries and time-outs. Its
 * identity needs to read, write, delete and list blobs of the container, as the role <i>Storage Blob Data Contributor</i> may; for valet keys
 * by delegation also {@code Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey}, as <i>Storage Blob Delegator</i> may.
 * The account is to be one without a hierarchical namespace, whose folders would be listed as if they were payloads. Its service version is
 * best 2026-02-06 or later, from which on a list starts where the last one ended; with an earlier one, which the client's
 * {@code serviceVersion} may say or a server may speak, a collector reads all names for each page.
 *
 * <p>By default the SDK tries a request four times, with pauses of 44 seconds in all, and waits a minute for each answer: so long a send
 * waits for a store that is down, until its circuit breaker is open. The client's {@code retryOptions} say otherwise.
 *
 * <p>The SDK logs as warnings that the JDK's client writes the header {@code Content-Length} by itself, for each request, and as errors what
 * is handled here, such as a blob that is not there any more when it is deleted. Waybill itself tells what matters: best turn the loggers
 * {@code com.azure} off.
 *
 * <p>Blocks of an upload that failed are seen by nobody, and no request deletes them: Azure does, a week after the last came. Until then they
 * are paid for as what is stored.
 *
 * <p>As a net below, have the account itself end what nobody else does: a rule of its lifecycle management that deletes the blobs of the
 * prefix after longer than any message may wait, dead letters included. It is to delete, and never to archive: what is archived cannot be read,
 * which Azure answers (409, {@code BlobArchived}) and is taken for trouble of the whole store, so that messages wait. Where soft delete is on,
 * what is deleted is paid for as long as it can be restored.
 */
@org.jspecify.annotations.NullMarked
package dev.waybill.azure;
