package dev.waybill.examples.demo;

import java.util.ArrayList;
import java.util.List;

/** Columns under a title: all to the left but for numbers. Without rows it is not shown. */
public final class TextTable {
    private static final int WIDEST = 76;

    private final String title;
    private final List<List<String>> rows = new ArrayList<>();

    public TextTable(String title, String... columns) {
        this.title = title;
        rows.add(List.of(columns));
    }

    public TextTable row(Object... cells) {
        List<String> row = new ArrayList<>();
        for (Object cell : cells) {
            row.add(cut(cell.toString()));
        }
        rows.add(row);
        return this;
    }

    /** Control characters, which a file name or a parser's message may have, do not reach the terminal. */
    private static String cut(String text) {
        String line = text.replaceAll("\\p{Cntrl}+", " ").strip();
        return line.length() <= WIDEST ? line : line.substring(0, WIDEST - 3) + "...";
    }

    public void appendTo(StringBuilder out) {
        if (rows.size() == 1) {
            return;
        }
        int columns = rows.get(0).size();
        int[] widths = new int[columns];
        boolean[] numbers = new boolean[columns];
        for (int column = 0; column < columns; column++) {
            int at = column;
            widths[column] =
                    rows.stream().mapToInt(row -> row.get(at).length()).max().orElse(0);
            numbers[column] = rows.stream().skip(1).allMatch(row -> row.get(at).matches("[0-9][0-9.,% ]*"));
        }
        out.append(title).append('\n');
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder();
            for (int column = 0; column < columns; column++) {
                String cell = row.get(column);
                String padding = " ".repeat(widths[column] - cell.length());
                line.append("  ").append(numbers[column] ? padding + cell : cell + padding);
            }
            out.append(line.toString().stripTrailing()).append('\n');
        }
        out.append('\n');
    }
}
