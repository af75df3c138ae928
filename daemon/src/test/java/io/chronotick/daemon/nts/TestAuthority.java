// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.nts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/** An authority of a test's own, valid for 30 days, and certificates of servers, for 10; made by openssl. */
public final class TestAuthority {
    private static final String[] NEW_KEY = {"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout"
    };
    private static final Path OPENSSL = Path.of("/usr/bin/openssl");
    private static final String PASSWORD = "secret";

    private final Path directory;

    public TestAuthority(Path directory) throws Exception {
        boolean possible = Files.isExecutable(OPENSSL);
        assumeTrue(
                possible || System.getenv("CI") != null, "openssl is not installed (Debian: apt-get install openssl)");
        this.directory = Files.createDirectories(directory);
        List<String> command = new ArrayList<>(List.of("req", "-x509"));
        command.addAll(Arrays.asList(NEW_KEY));
        command.addAll(List.of("ca.key", "-out", "ca.pem", "-days", "30", "-subj", "/CN=Test"));
        command.addAll(List.of("-addext", "basicConstraints=critical,CA:TRUE"));
        openssl(command);
    }

    public Path certificate() {
        return directory.resolve("ca.pem");
    }

    /**
     * Signs {@code name.pem} for {@code name.key}.
     *
     * @param names for example DNS:localhost,IP:127.0.0.1
     * @return the certificate; the key lies beside it
     */
    public Path sign(String name, String names) throws Exception {
        List<String> command = new ArrayList<>(List.of("req"));
        command.addAll(Arrays.asList(NEW_KEY));
        command.addAll(List.of(name + ".key", "-out", name + ".csr", "-subj", "/CN=" + name));
        openssl(command);
        Files.writeString(directory.resolve("names"), "subjectAltName=" + names + "\n");
        openssl(List.of(("x509 -req -in " + name
                        + ".csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 10 -extfile names -out " + name + ".pem")
                .split(" ", -1)));
        return directory.resolve(name + ".pem");
    }

    /** For a server in this process. */
    SSLContext context(String name) throws Exception {
        openssl(List.of(("pkcs12 -export -in " + name + ".pem -inkey " + name + ".key -passout pass:" + PASSWORD
                        + " -out " + name + ".p12")
                .split(" ", -1)));
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(directory.resolve(name + ".p12"))) {
            store.load(in, PASSWORD.toCharArray());
        }
        return context(store);
    }

    private static SSLContext context(KeyStore store) throws GeneralSecurityException {
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, PASSWORD.toCharArray());
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        return context;
    }

    static Path key(Path certificate) {
        return certificate.resolveSibling(certificate.getFileName().toString().replace(".pem", ".key"));
    }

    private void openssl(List<String> words) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(OPENSSL.toString()));
        command.addAll(words);
        Process process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as("%s: %s", command, said).isZero();
    }
}
