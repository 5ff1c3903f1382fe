package dev.waybill.tck.broken;

/** What a payload store may do wrong, and the test of its contract that must find it out. */
public enum PayloadStoreFault {
    /** Writes over what is there. */
    WRITES_OVER("aKeyIsNeverWrittenOver"),
    /** Looks first and writes then, with room for another in between. */
    LOOKS_FIRST("ofManyThatWriteOneKeyAtOnceOneWins"),
    /** Keeps what was written before the source failed. */
    KEEPS_HALF("whatIsWrittenHalfIsNotThere"),
    /** Says that the source is the store. */
    BLAMES_ITSELF("whatIsWrittenHalfIsNotThere"),
    /** Keeps the first 16 MiB. */
    CUTS_LARGE_ONES("aLargePayloadIsWrittenInPiecesAndReadInPieces"),
    /** Can be read once. */
    READS_ONCE("whatIsWrittenIsReadByteForByte"),
    /** Has nothing where nothing was written. */
    LOSES_EMPTY_ONES("whatIsWrittenIsReadByteForByte"),
    /** Has something empty where there is nothing. */
    INVENTS("whatIsNotThereIsMissing"),
    /** Deletes what begins like a key. */
    DELETES_TOO_MUCH("whatIsDeletedIsGoneAndTheOthersAreNot"),
    /** Deletes the first thousand. */
    DELETES_A_THOUSAND("thousandsAreDeletedAtOnce"),
    /** Begins a page with the last key of the one before. */
    REPEATS_ON_PAGES("allAreListedInTheOrderOfTheirKeysPageByPage"),
    /** Sorts as people do. */
    FOLDS_CASE("allAreListedInTheOrderOfTheirKeysPageByPage"),
    /** Does not know when. */
    KNOWS_NO_TIME("whatIsListedTellsWhenItWasStored"),
    /** Takes any key. */
    TAKES_ANY_KEY("aKeyOfAnotherFormIsRefusedWithoutALook");

    private final String found;

    PayloadStoreFault(String found) {
        this.found = found;
    }

    public String foundBy() {
        return found;
    }
}
