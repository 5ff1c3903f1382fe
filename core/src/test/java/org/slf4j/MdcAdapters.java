package org.slf4j;

import org.slf4j.spi.MDCAdapter;

/** Gives tests an MDC that keeps something, which the one of slf4j-simple does not; here, since SLF4J lets nobody else do it. */
public final class MdcAdapters {
    private MdcAdapters() {}

    /** The one that was there before. */
    public static MDCAdapter use(MDCAdapter adapter) {
        MDCAdapter before = MDC.getMDCAdapter();
        MDC.setMDCAdapter(adapter);
        return before;
    }
}
