package dev.waybill.kafka;

import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is written beside a committed offset: {@code w1c:reserved:deaths:gap.run.gap.run...}, in base 36, relative to the offset; with an
 * {@code o} for the {@code c} while somebody is at work.
 *
 * @param clean whether whoever wrote it had ended in order
 * @param reserved below it records may have been handed over
 * @param deaths how many in a row have died while the offset was the lowest
 * @param finished above the offset, from each start up to its end
 */
record Mark(boolean clean, long reserved, int deaths, NavigableMap<Long, Long> finished) {
    private static final Logger LOG = LoggerFactory.getLogger(Mark.class);
    private static final String VERSION = "w1";
    private static final int RADIX = 36;
    private static final int PARTS = 4;

    String text(long offset) {
        StringBuilder text = new StringBuilder(VERSION)
                .append(clean ? 'c' : 'o')
                .append(':')
                .append(Long.toString(reserved - offset, RADIX))
                .append(':')
                .append(Integer.toString(deaths, RADIX))
                .append(':');
        long at = offset;
        for (Map.Entry<Long, Long> run : finished.entrySet()) {
            String more = Long.toString(run.getKey() - at, RADIX)
                    + '.'
                    + Long.toString(run.getValue() - run.getKey(), RADIX)
                    + '.';
            if (text.length() + more.length() > Progress.LONGEST + Progress.LONGEST / 4) {
                // What is left out comes again.
                break;
            }
            text.append(more);
            at = run.getValue();
        }
        return text.toString();
    }

    /** Null if it is not of this form: other software wrote it, or who has set the offset by hand. */
    static @Nullable Mark parse(long offset, String text) {
        String[] parts = text.split(":", -1);
        try {
            if (parts.length == PARTS && parts[0].length() == VERSION.length() + 1 && parts[0].startsWith(VERSION)) {
                boolean clean = parts[0].charAt(VERSION.length()) == 'c';
                return new Mark(
                        clean,
                        offset + number(parts[1]),
                        (int) Math.min(Integer.MAX_VALUE, number(parts[2])),
                        runs(offset, parts[3]));
            }
        } catch (NumberFormatException malformed) {
            LOG.debug("not readable beside offset {}: {}", offset, text, malformed);
        }
        if (!text.isEmpty()) {
            LOG.warn("what is written beside offset {} is not Waybill's and is passed over: '{}'", offset, text);
        }
        return null;
    }

    private static NavigableMap<Long, Long> runs(long offset, String text) {
        NavigableMap<Long, Long> runs = new TreeMap<>();
        if (text.isEmpty()) {
            return runs;
        }
        String[] numbers = text.split("\\.");
        long at = offset;
        for (int i = 0; i + 1 < numbers.length; i += 2) {
            long start = at + number(numbers[i]);
            at = start + number(numbers[i + 1]);
            runs.put(start, at);
        }
        return runs;
    }

    private static long number(String text) {
        long number = Long.parseLong(text, RADIX);
        if (number < 0) {
            throw new NumberFormatException("negative: " + text);
        }
        return number;
    }

    /** How many records above the offset are finished. */
    long finishedCount() {
        return finished.entrySet().stream()
                .mapToLong(run -> run.getValue() - run.getKey())
                .sum();
    }
}
