package dev.waybill.convoy;

/** Convoys as a store may have them. */
final class StoredConvoys {
    private StoredConvoys() {}

    /** One in its first state, without data, for which nothing is due. */
    static StoredConvoy running(String machine, String key, long version) {
        return new StoredConvoy(
                machine,
                key,
                "NEW",
                ConvoyStatus.RUNNING,
                version,
                1,
                new byte[0],
                1,
                1,
                0,
                false,
                0,
                0,
                0,
                null,
                null);
    }
}
