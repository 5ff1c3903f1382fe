package dev.waybill.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What a newcomer reads first is true. */
class ReadmeTest {
    private static final Path ROOT = Path.of("..");
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)#:]+)(?:#([^)]*))?\\)");

    @Test
    void itsFirstProgramIsTheOneThatIsCompiledHere() throws Exception {
        String readme = Files.readString(ROOT.resolve("README.md"));
        String sample = readme.split("```java\n", 2)[1].split("```", 2)[0];
        String source = Files.readString(Path.of("src/main/java/dev/waybill/examples/QuickStart.java"));
        assertThat(sample).isEqualTo(source.replaceFirst("package .*\n\n", "").replaceFirst("(?m)^/\\*\\* .*\n", ""));
    }

    @Test
    void itsFirstProgramSaysHello() throws Exception {
        PrintStream usual = System.out;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
        try {
            QuickStart.main(new String[0]);
        } finally {
            System.setOut(usual);
        }
        assertThat(said.toString(StandardCharsets.UTF_8).strip()).isEqualTo("hello");
    }

    @Test
    void itsLinksAndThoseOfTheDocumentsLeadSomewhere() throws Exception {
        List<Path> documents;
        try (Stream<Path> files = Files.walk(ROOT.resolve("docs"))) {
            documents = Stream.concat(Stream.of(ROOT.resolve("README.md")), files)
                    .filter(file -> file.toString().endsWith(".md"))
                    .toList();
        }
        for (Path document : documents) {
            Matcher link = LINK.matcher(Files.readString(document));
            while (link.find()) {
                assertThat(document.resolveSibling(link.group(1)))
                        .as("the link %s in %s", link.group(), document)
                        .exists();
            }
        }
    }
}
