package dev.waybill.servers;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * Throw-away certificates, made by the JDK's {@code keytool}: an authority, a server on {@code 127.0.0.1} and
 * {@code localhost}, and a client. {@link #close()} deletes them.
 */
public final class TestCertificates implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofMinutes(1);
    private static final String AUTHORITY = "authority";
    private static final String SERVER = "server";
    private static final String CLIENT = "client";

    private final Path folder;
    private final String password = UUID.randomUUID().toString();

    private TestCertificates(Path folder) {
        this.folder = folder;
    }

    /** Makes them, which takes a few seconds. */
    public static TestCertificates create() {
        try {
            TestCertificates made = new TestCertificates(
                    Files.createTempDirectory("waybill-certificates-").toAbsolutePath());
            made.generate();
            return made;
        } catch (IOException | GeneralSecurityException e) {
            throw new ServerException("The certificates cannot be made", e);
        }
    }

    /** PKCS#12, with the authority. */
    public Path trustStore() {
        return folder.resolve("trust.p12");
    }

    /** PKCS#12, with the client's key and certificate. */
    public Path clientKeyStore() {
        return folder.resolve("client.p12");
    }

    /** Opens all the stores. */
    public String password() {
        return password;
    }

    /** Of a client who trusts the authority. */
    public SSLContext sslContext() {
        try {
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(KeyStore.getInstance(trustStore().toFile(), password.toCharArray()));
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            return context;
        } catch (IOException | GeneralSecurityException e) {
            throw new ServerException("The certificates cannot be read", e);
        }
    }

    /** PKCS#12, with the server's key and certificate. */
    Path serverKeyStore() {
        return folder.resolve("server.p12");
    }

    /** The authority's certificate in PEM. */
    Path authorityPem() {
        return folder.resolve("authority.pem");
    }

    /** The server's certificate in PEM. */
    Path serverPem() {
        return folder.resolve("server.pem");
    }

    /** The server's key in PEM. */
    Path serverKeyPem() {
        return folder.resolve("server-key.pem");
    }

    private void generate() throws IOException, GeneralSecurityException {
        Path all = folder.resolve("all.p12");
        keytool(all, AUTHORITY, List.of("-ext", "bc:c"));
        keytool(all, SERVER, List.of("-signer", AUTHORITY, "-ext", "san=ip:127.0.0.1,dns:localhost"));
        keytool(all, CLIENT, List.of("-signer", AUTHORITY));
        KeyStore made = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(all)) {
            made.load(in, password.toCharArray());
        }
        Files.delete(all);

        KeyStore trust = empty();
        trust.setCertificateEntry(AUTHORITY, made.getCertificate(AUTHORITY));
        store(trust, trustStore());
        store(only(SERVER, made), serverKeyStore());
        store(only(CLIENT, made), clientKeyStore());
        pem(authorityPem(), "CERTIFICATE", made.getCertificate(AUTHORITY).getEncoded());
        pem(serverPem(), "CERTIFICATE", made.getCertificate(SERVER).getEncoded());
        pem(serverKeyPem(), "PRIVATE KEY", key(SERVER, made).getEncoded());
    }

    private void keytool(Path store, String alias, List<String> more) {
        List<String> command = new ArrayList<>(
                List.of(Command.jdk("keytool"), "-genkeypair", "-alias", alias, "-keyalg", "RSA", "-keysize", "2048"));
        command.addAll(List.of("-dname", "CN=" + alias, "-validity", "7", "-storetype", "PKCS12"));
        command.addAll(List.of("-keystore", store.toString(), "-storepass:env", "STORE_PASSWORD"));
        command.addAll(more);
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("STORE_PASSWORD", password);
        Command.run(builder, LIMIT);
    }

    private Key key(String alias, KeyStore from) throws GeneralSecurityException {
        return from.getKey(alias, password.toCharArray());
    }

    private KeyStore only(String alias, KeyStore from) throws IOException, GeneralSecurityException {
        KeyStore one = empty();
        Certificate[] chain = from.getCertificateChain(alias);
        one.setKeyEntry(alias, key(alias, from), password.toCharArray(), chain);
        return one;
    }

    private static KeyStore empty() throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }

    private void store(KeyStore store, Path file) throws IOException, GeneralSecurityException {
        try (OutputStream out = Files.newOutputStream(file)) {
            store.store(out, password.toCharArray());
        }
    }

    private static void pem(Path file, String what, byte[] encoded) throws IOException {
        String text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(encoded);
        Files.writeString(
                file,
                "-----BEGIN " + what + "-----\n" + text + "\n-----END " + what + "-----\n",
                StandardCharsets.US_ASCII);
    }

    @Override
    public void close() {
        try {
            Folders.delete(folder);
        } catch (IOException e) {
            throw new UncheckedIOException("Deleting the certificates", e);
        }
    }

    @Override
    public String toString() {
        return "TestCertificates[" + folder + "]";
    }
}
