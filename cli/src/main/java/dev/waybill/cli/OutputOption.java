package dev.waybill.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import picocli.CommandLine.Option;

/** How the result is shown: as a table for people, or as JSON for programs. */
final class OutputOption {
    private static final int WIDEST = 76;
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    /** The forms. */
    enum Form {
        TABLE,
        JSON
    }

    @Option(names = "--output", paramLabel = "FORM", description = "table (by default) or json.")
    private Form form = Form.TABLE;

    boolean json() {
        return form == Form.JSON;
    }

    /** Rows that all have the same columns. */
    void rows(PrintWriter out, List<String> columns, List<Map<String, Object>> rows) {
        if (json()) {
            json(out, rows);
            return;
        }
        List<List<String>> lines = new ArrayList<>();
        lines.add(columns);
        for (Map<String, Object> row : rows) {
            lines.add(columns.stream().map(column -> cell(row.get(column))).toList());
        }
        int[] widths = new int[columns.size()];
        for (List<String> line : lines) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], line.get(i).length());
            }
        }
        for (List<String> line : lines) {
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < widths.length; i++) {
                text.append(line.get(i))
                        .append(" ".repeat(widths[i] - line.get(i).length() + 2));
            }
            out.println(text.toString().stripTrailing());
        }
        out.flush();
    }

    /** One thing, a line for each of its parts. */
    void one(PrintWriter out, Map<String, Object> parts) {
        if (json()) {
            json(out, parts);
            return;
        }
        int width = parts.keySet().stream().mapToInt(String::length).max().orElse(0);
        parts.forEach((name, value) -> {
            String text = Objects.toString(value, "").strip().replace("\n", "\n" + " ".repeat(width + 2));
            out.println((name + " ".repeat(width - name.length() + 2) + printable(text)).stripTrailing());
        });
        out.flush();
    }

    private static void json(PrintWriter out, Object value) {
        try {
            out.println(JSON.writeValueAsString(value));
            out.flush();
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException("maps, lists, numbers and strings always have a JSON form", impossible);
        }
    }

    private static String cell(@org.jspecify.annotations.Nullable Object value) {
        String line =
                printable(Objects.toString(value, "")).replaceAll("\\s+", " ").strip();
        return line.length() <= WIDEST ? line : line.substring(0, WIDEST - 3) + "...";
    }

    /** Control characters, which anybody may have sent, do not reach the terminal. */
    private static String printable(String text) {
        return text.replaceAll("[\\p{Cntrl}&&[^\\n\\t]]", "?");
    }

    static Map<String, Object> row() {
        return new LinkedHashMap<>();
    }
}
