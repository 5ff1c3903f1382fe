package dev.waybill.tck.broken;

/** What an idempotency store may do wrong, and the test of its contract that must find it out. */
public enum StoreFault {
    /** Looks first and notes the claim then, with room for another in between. */
    CLAIMS_TWICE("ofManyThatClaimAThousandMessagesAtOnceEachIsGivenToOne"),
    /** Takes over from the dead in two steps. */
    TAKES_OVER_TWICE("ofManyThatTakeOverFromADeadConsumerOneGetsEachMessage"),
    /** A confirmed message is new when it comes again. */
    FORGETS("aConfirmedMessageIsDone"),
    /** A confirmed message is new when it comes again after the lease. */
    FORGETS_AFTER_THE_LEASE("aConfirmedMessageIsDone"),
    /** A confirmed message is done for ever. */
    NEVER_FORGETS("aConfirmedMessageIsRememberedForTheTimeToLiveAndNoLonger"),
    /** A claim lasts until it is confirmed or abandoned. */
    IGNORES_THE_LEASE("aClaimedMessageIsTakenForAsLongAsTheLeaseLasts"),
    /** Says that it renewed, and did not. */
    RENEWS_NOTHING("aRenewedLeaseLastsFromTheRenewal"),
    /** Confirms whoever asks. */
    CONFIRMS_FOR_THE_WRONG_OWNER("aLateConsumerCannotConfirmWhatAnotherHasTaken"),
    /** Frees for whoever asks. */
    FREES_FOR_THE_WRONG_OWNER("aLateConsumerCannotFreeWhatAnotherHasTaken"),
    /** Renews for whoever asks. */
    RENEWS_FOR_THE_WRONG_OWNER("aLateConsumerCannotRenewWhatAnotherHasTaken"),
    /** Counts its tokens up per message, and from 1 again after the message was freed. */
    STARTS_TOKENS_AGAIN("aLateConsumerStaysLateAfterAnotherHasFreedTheMessage"),
    /** Refuses to confirm after the lease, although nobody has taken the message. */
    REFUSES_THE_LATE("aLateConsumerMayConfirmAndRenewWhatNobodyHasTaken"),
    /** What was abandoned stays taken until the lease ends. */
    KEEPS_WHAT_WAS_ABANDONED("anAbandonedMessageIsNewAtOnce"),
    /** Abandons what is done. */
    ABANDONS_WHAT_IS_DONE("abandoningWhatWasConfirmedChangesNothing"),
    /** Knows a confirmation only once. */
    CONFIRMS_ONCE_ONLY("confirmingAgainIsAnsweredAsTheFirstTime"),
    /** Lets an owner have what it has already. */
    TRUSTS_THE_OWNER("anOwnerThatAsksAgainWaitsAsEverybody"),
    /** Compares without regard to capitals. */
    FOLDS_CASE("messagesAreToldApartByEveryCharacter"),
    /** Compares without the blanks at the end. */
    CUTS_BLANKS("messagesAreToldApartByEveryCharacter"),
    /** Keeps the first 127 characters. */
    CUTS_LONG_IDS("messagesAreToldApartByEveryCharacter"),
    /** Turns half of a surrogate pair into a question mark, and so two ids into one. */
    TAKES_WHAT_IT_CANNOT_HOLD("whatNoStoreCanHoldIsRefusedByAll"),
    /** Keeps the id only. */
    MIXES_QUEUES("theSameIdInAnotherQueueIsAnotherMessage"),
    /** Keeps queue and id in one text. */
    GLUES_QUEUE_AND_ID("queueAndIdDoNotRunIntoEachOther");

    private final String found;

    StoreFault(String found) {
        this.found = found;
    }

    public String foundBy() {
        return found;
    }
}
