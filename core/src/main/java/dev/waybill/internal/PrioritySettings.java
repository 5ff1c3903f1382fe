package dev.waybill.internal;

import dev.waybill.ConfigException;
import dev.waybill.PriorityPolicy;
import dev.waybill.PriorityPolicy.Tier;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The priority policies by name, {@code waybill.priorities.<name>.levels} and the like. */
final class PrioritySettings {
    private static final String PREFIX = "waybill.priorities.";
    private static final Pattern KEY = Pattern.compile(
            "waybill\\.priorities\\.([^.]+)\\.(levels|aging|share\\.[0-9]{1,2}|tier\\.[^.]+\\.(?:level|target))");
    private static final Pattern VARIABLE = Pattern.compile(
            "waybill-priorities-(?<name>.+?)-(?<setting>levels|aging|share-[0-9]{1,2}|tier-(?<tier>.+)-(?<of>level|target))");
    private static final String LEVELS = "levels";
    private static final String AGING = "aging";
    private static final String DURATION = "a duration, such as 500ms, 10s or PT10S";

    private final Map<String, Map<String, String>> byName = new TreeMap<>();

    PrioritySettings(Map<String, String> values) {
        values.forEach((key, value) -> {
            Matcher matcher = KEY.matcher(key);
            if (matcher.matches()) {
                byName.computeIfAbsent(matcher.group(1), name -> new TreeMap<>())
                        .put(matcher.group(2), value.trim());
            }
        });
        // What is wrong is said when Waybill is opened, not when a queue asks.
        byName.keySet().forEach(this::of);
    }

    /** The keys and values of these in the environment, where a name has hyphens only. */
    static Map<String, String> fromEnvironment(Map<String, String> environment) {
        Map<String, String> found = new TreeMap<>();
        environment.forEach((variable, value) -> {
            Matcher matcher = VARIABLE.matcher(variable.toLowerCase(Locale.ROOT).replace('_', '-'));
            if (matcher.matches()) {
                String setting = matcher.group("tier") == null
                        ? matcher.group("setting").replace("share-", "share.")
                        : "tier." + matcher.group("tier") + "." + matcher.group("of");
                found.put(PREFIX + matcher.group("name") + "." + setting, value);
            }
        });
        return found;
    }

    /** Whether the key is one of these. */
    static boolean knows(String key) {
        return KEY.matcher(key).matches();
    }

    static List<String> patterns() {
        return settings("<name>");
    }

    private static List<String> settings(String name) {
        return Stream.of(LEVELS, AGING, "share.<level>", "tier.<tier>.level", "tier.<tier>.target")
                .map(setting -> PREFIX + name + "." + setting)
                .toList();
    }

    /** The known keys of the same policy, for one that is not known; empty if it is no policy's. */
    static List<String> like(String key) {
        return key.startsWith(PREFIX) ? settings(key.substring(PREFIX.length()).split("\\.")[0]) : List.of();
    }

    PriorityPolicy of(String name) {
        Map<String, String> settings = byName.get(name);
        if (settings == null || !settings.containsKey(LEVELS)) {
            throw new ConfigException(
                    PREFIX + name + "." + LEVELS + " is not set: it must be the number of levels, 2 to "
                            + PriorityPolicy.MOST_LEVELS + "; there are settings for " + byName.keySet());
        }
        Named named = new Named(PREFIX + name + ".", settings);
        int levels = named.value(LEVELS, "a number, 2 to " + PriorityPolicy.MOST_LEVELS, Integer::parseInt);
        PriorityPolicy policy = named.checked(LEVELS, () -> PriorityPolicy.strict(levels));
        if (settings.containsKey(AGING)) {
            Duration interval = named.value(AGING, DURATION, Settings::parseDuration);
            PriorityPolicy before = policy;
            policy = named.checked(AGING, () -> before.aging(interval));
        }
        for (String key : settings.keySet()) {
            if (key.startsWith("share.")) {
                int level = Integer.parseInt(key.substring("share.".length()));
                double share = named.value(key, "a part, more than 0 and at most 1", Double::parseDouble);
                PriorityPolicy before = policy;
                policy = named.checked(key, () -> before.share(level, share));
            }
        }
        for (Tier tier : named.tiers()) {
            PriorityPolicy before = policy;
            policy = named.checked("tier." + tier.name(), () -> before.tier(tier.name(), tier.level(), tier.target()));
        }
        return policy;
    }

    /** The settings of one policy. */
    private record Named(String prefix, Map<String, String> settings) {
        <V> V value(String key, String allowed, Function<String, V> parse) {
            String value = settings.get(key);
            try {
                if (value != null) {
                    return parse.apply(value);
                }
            } catch (NumberFormatException | DateTimeException | com.typesafe.config.ConfigException wrong) {
                throw new ConfigException(prefix + key + " is '" + value + "' but must be " + allowed, wrong);
            }
            throw new ConfigException(prefix + key + " is not set: it must be " + allowed);
        }

        PriorityPolicy checked(String key, java.util.function.Supplier<PriorityPolicy> policy) {
            try {
                return policy.get();
            } catch (IllegalArgumentException wrong) {
                throw new ConfigException(prefix + key + ": " + wrong.getMessage(), wrong);
            }
        }

        List<Tier> tiers() {
            TreeSet<String> names = new TreeSet<>();
            settings.keySet().stream()
                    .filter(key -> key.startsWith("tier."))
                    .forEach(key -> names.add(key.split("\\.")[1]));
            List<Tier> tiers = new ArrayList<>();
            for (String name : names) {
                tiers.add(new Tier(
                        name,
                        value("tier." + name + ".level", "a level, from 0", Integer::parseInt),
                        value("tier." + name + ".target", DURATION, Settings::parseDuration)));
            }
            return tiers;
        }
    }
}
