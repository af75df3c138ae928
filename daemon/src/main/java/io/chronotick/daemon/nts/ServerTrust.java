// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.nts;

import io.chronotick.engine.nts.KeyExchangeFailure;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Collection;
import java.util.Date;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javax.net.ssl.CertPathTrustManagerParameters;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Whether a server's certificate is to be trusted, at an instant that the caller knows better than the system clock perhaps does.
 * For one handshake.
 */
final class ServerTrust extends X509ExtendedTrustManager {
    /** Many times what all public authorities together have. */
    private static final long LONGEST_FILE = 4 << 20;

    private final X509ExtendedTrustManager paths;
    private final Instant now;
    private @Nullable KeyExchangeException refusal;

    private ServerTrust(X509ExtendedTrustManager paths, Instant now) {
        this.paths = paths;
        this.now = now;
    }

    /**
     * Trust in the authorities of a file, or, without one, in those that this Java trusts.
     *
     * @param authorities certificates in PEM
     * @param now what the certificates' validity is judged by
     */
    static ServerTrust of(Optional<Path> authorities, Instant now) throws KeyExchangeException {
        try {
            Set<TrustAnchor> anchors = new HashSet<>();
            for (X509Certificate certificate : authorities.isPresent() ? read(authorities.get()) : ofThisJava()) {
                anchors.add(new TrustAnchor(certificate, null));
            }
            PKIXBuilderParameters parameters = new PKIXBuilderParameters(anchors, new X509CertSelector());
            // Revocation lists and OCSP would want a network, and a clock, of their own.
            parameters.setRevocationEnabled(false);
            parameters.setDate(Date.from(now));
            TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
            factory.init(new CertPathTrustManagerParameters(parameters));
            return new ServerTrust(only(factory), now);
        } catch (GeneralSecurityException e) {
            throw new KeyExchangeException(
                    KeyExchangeFailure.CERTIFICATE_FILE,
                    "no certificates to trust: " + e.getMessage() + "; name a file of them in nts_ca");
        }
    }

    private static List<X509Certificate> ofThisJava() throws GeneralSecurityException {
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init((KeyStore) null);
        return List.of(only(factory).getAcceptedIssuers());
    }

    private static X509ExtendedTrustManager only(TrustManagerFactory factory) {
        return Arrays.stream(factory.getTrustManagers())
                .filter(X509ExtendedTrustManager.class::isInstance)
                .map((TrustManager manager) -> (X509ExtendedTrustManager) manager)
                .findFirst()
                .orElseThrow();
    }

    private static List<X509Certificate> read(Path file) throws KeyExchangeException {
        try (InputStream in = Files.newInputStream(file)) {
            if (Files.size(file) > LONGEST_FILE) {
                throw badFile(file, "larger than 4 MiB");
            }
            Collection<? extends Certificate> certificates =
                    CertificateFactory.getInstance("X.509").generateCertificates(in);
            if (certificates.isEmpty()) {
                throw badFile(file, "no certificate in it");
            }
            return certificates.stream().map(X509Certificate.class::cast).toList();
        } catch (IOException e) {
            throw badFile(file, Files.exists(file) ? "cannot be read" : "no such file");
        } catch (CertificateException e) {
            throw badFile(file, "no certificates in PEM");
        }
    }

    private static KeyExchangeException badFile(Path file, String what) {
        return new KeyExchangeException(
                KeyExchangeFailure.CERTIFICATE_FILE,
                "nts_ca " + file + ": " + what + "; give a readable file of certificates in PEM");
    }

    /** Why the certificate was refused, if it was. */
    Optional<KeyExchangeException> refusal() {
        return Optional.ofNullable(refusal);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        try {
            // By itself too: one that is trusted for its own sake would be so for ever.
            chain[0].checkValidity(Date.from(now));
            paths.checkServerTrusted(chain, authType);
        } catch (CertificateException e) {
            refusal = refused(chain[0], e);
            throw e;
        }
        try {
            paths.checkServerTrusted(chain, authType, socket);
        } catch (CertificateException e) {
            refusal = new KeyExchangeException(
                    KeyExchangeFailure.WRONG_HOST,
                    "the certificate is not this host's (" + oneLine(e)
                            + "); give the name that the server has in its certificate");
            throw e;
        }
    }

    private KeyExchangeException refused(X509Certificate certificate, CertificateException e) {
        if (hasCause(e, CertificateExpiredException.class)) {
            return new KeyExchangeException(
                    KeyExchangeFailure.EXPIRED,
                    "the certificate has expired (a certificate of the chain was valid until "
                            + certificate.getNotAfter().toInstant() + ", and now is " + seconds()
                            + "); if that is not the time, set the system clock, else ask the server's operator");
        }
        if (hasCause(e, CertificateNotYetValidException.class)) {
            return new KeyExchangeException(
                    KeyExchangeFailure.NOT_YET_VALID,
                    "the certificate is not valid yet (it is from "
                            + certificate.getNotBefore().toInstant() + " on, and now is " + seconds()
                            + "); if that is not the time, set the system clock");
        }
        return new KeyExchangeException(
                KeyExchangeFailure.UNTRUSTED,
                "nobody who is trusted here vouches for its certificate (" + oneLine(e)
                        + "); if it is yours, name your authority's certificate in nts_ca");
    }

    private Instant seconds() {
        return now.truncatedTo(ChronoUnit.SECONDS);
    }

    private static boolean hasCause(Throwable e, Class<? extends Throwable> kind) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (kind.isInstance(cause)) {
                return true;
            }
        }
        return false;
    }

    static String oneLine(Throwable e) {
        String message = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        // It may hold what the server has sent.
        return message.lines().findFirst().orElse("").replaceAll("\\p{Cntrl}", "?");
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return paths.getAcceptedIssuers();
    }

    // --- Never called by a client over a socket ---

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        throw new CertificateException("without a socket there is no host");
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        throw new CertificateException("without a socket there is no host");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        throw new CertificateException("no server");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        throw new CertificateException("no server");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        throw new CertificateException("no server");
    }
}
