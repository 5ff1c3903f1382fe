package dev.waybill.servers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.CRC32;

/** The class path of a server that is published to Maven Central, resolved once by Maven itself. */
final class MavenJars {
    private static final Duration LIMIT = Duration.ofMinutes(10);

    private MavenJars() {}

    /** The folder with the jars that the POM of that name, a resource of this package, depends on. */
    static Path resolve(String server) {
        String pom = Folders.resource(server + "-pom.xml");
        // Another POM is another entry, so that a changed version is never served from the cache.
        return Cache.provide(server + "-" + checksum(pom), folder -> copy(pom, folder));
    }

    /** The version of the one jar there whose name begins like that. */
    static String version(Path jars, String begin) throws IOException {
        try (Stream<Path> files = Files.list(jars)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.startsWith(begin))
                    .map(name -> name.substring(begin.length(), name.length() - ".jar".length()))
                    .findFirst()
                    .orElseThrow(() -> new IOException("No " + begin + " jar in " + jars));
        }
    }

    private static String checksum(String text) {
        CRC32 sum = new CRC32();
        sum.update(text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
        return Long.toHexString(sum.getValue());
    }

    private static void copy(String pom, Path folder) throws IOException {
        Path project = Files.createTempDirectory("waybill-resolve-");
        try {
            Path file = Files.writeString(project.resolve("pom.xml"), pom);
            ProcessBuilder maven = new ProcessBuilder(
                    maven().toString(),
                    "--quiet",
                    "--batch-mode",
                    "--file",
                    file.toString(),
                    "dependency:copy-dependencies",
                    "-DincludeScope=runtime",
                    "-DoutputDirectory=" + folder);
            Optional.ofNullable(System.getProperty("maven.repo.local"))
                    .ifPresent(repository -> maven.command().add("-Dmaven.repo.local=" + repository));
            maven.environment().put("JAVA_HOME", System.getProperty("java.home"));
            maven.environment().keySet().removeAll(List.of("MAVEN_BASEDIR", "MAVEN_PROJECTBASEDIR"));
            Command.run(maven.directory(project.toFile()), LIMIT);
        } finally {
            Folders.delete(project);
        }
    }

    private static Path maven() {
        for (Path folder = Path.of("").toAbsolutePath(); folder != null; folder = folder.getParent()) {
            Path wrapper = folder.resolve("mvnw");
            if (Files.isExecutable(wrapper)) {
                return wrapper;
            }
        }
        return Command.find("mvn")
                .orElseThrow(() -> new ServerException(
                        "Neither 'mvnw' here or above (" + Path.of("").toAbsolutePath()
                                + ") nor 'mvn' on the PATH: Maven resolves the servers that run as local processes"));
    }
}
