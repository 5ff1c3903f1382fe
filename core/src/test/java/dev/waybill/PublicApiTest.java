package dev.waybill;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Holds the public API against {@code public-api.txt}, so that every change of it is seen in review. After a change that is meant,
 * run with {@code -Dpublic-api.write=true} and commit the file.
 */
class PublicApiTest {
    private static final Path LISTING = Path.of("src/test/resources/public-api.txt");
    private static final Set<String> NOT_API = Set.of("dev.waybill.internal");

    @Test
    void thePublicApiIsTheOneThatIsWrittenDown() throws Exception {
        List<String> now = listing();
        if (Boolean.getBoolean("public-api.write")) {
            Files.write(LISTING, now);
        }
        assertThat(now)
                .as("the public API; if the change is meant, see the class comment")
                .isEqualTo(Files.readAllLines(LISTING));
    }

    private static List<String> listing() {
        return new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS).importPackages("dev.waybill").stream()
                        .filter(type -> !NOT_API.contains(type.getPackageName()))
                        .filter(PublicApiTest::visible)
                        .flatMap(type -> Stream.concat(Stream.of(type.getName()), members(type)))
                        .sorted()
                        .toList();
    }

    private static boolean visible(JavaClass type) {
        return type.getModifiers().contains(JavaModifier.PUBLIC)
                && type.getEnclosingClass().map(PublicApiTest::visible).orElse(true);
    }

    private static Stream<String> members(JavaClass type) {
        return type.getMembers().stream()
                .filter(member -> member.getModifiers().contains(JavaModifier.PUBLIC)
                        || member.getModifiers().contains(JavaModifier.PROTECTED))
                .filter(member -> !member.getModifiers().contains(JavaModifier.SYNTHETIC))
                .map(JavaMember::getFullName)
                .distinct();
    }
}
