// SPDX-License-Identifier: Apache-2.0
package io.chronotick.daemon.http;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.GZIPOutputStream;

/** A text that does not change, compressed once. Thread-safe. */
public final class StaticFile implements HttpHandler {
    /** Nothing from elsewhere, nothing in the page itself, in nobody's frame. */
    private static final String POLICY =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
                    + " base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private final String type;
    private final byte[] plain;
    private final byte[] zipped;

    private StaticFile(String type, byte[] plain) {
        this.type = type;
        this.plain = plain;
        this.zipped = gzip(plain);
    }

    /**
     * A resource of the program.
     *
     * @param type its media type
     */
    public static StaticFile of(Class<?> owner, String resource, String type) {
        try (InputStream in = owner.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException("the program lacks " + resource);
            }
            return new StaticFile(type, in.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void handle(HttpExchange exchange) throws IOException {
        exchange.getResponseHeaders().set("Content-Security-Policy", POLICY);
        exchange.getResponseHeaders().set("Referrer-Policy", "no-referrer");
        send(exchange, type, "no-cache", plain, zipped);
    }

    /** Answers with a text that is different each time. */
    public static void send(HttpExchange exchange, String type, String text) throws IOException {
        byte[] plain = text.getBytes(StandardCharsets.UTF_8);
        send(exchange, type, "no-store", plain, takesGzip(exchange) ? gzip(plain) : plain);
    }

    private static void send(HttpExchange exchange, String type, String caching, byte[] plain, byte[] zipped)
            throws IOException {
        Headers headers = exchange.getResponseHeaders();
        headers.set("Content-Type", type);
        headers.set("Cache-Control", caching);
        headers.set("Vary", "Accept-Encoding");
        byte[] body = plain;
        if (takesGzip(exchange)) {
            headers.set("Content-Encoding", "gzip");
            body = zipped;
        }
        try (exchange) {
            if (exchange.getRequestMethod().equals("HEAD")) {
                headers.set("Content-Length", String.valueOf(body.length));
                exchange.sendResponseHeaders(200, -1);
            } else {
                exchange.sendResponseHeaders(200, body.length);
                exchange.getResponseBody().write(body);
            }
        }
    }

    private static boolean takesGzip(HttpExchange exchange) {
        String accepted = exchange.getRequestHeaders().getFirst("Accept-Encoding");
        return accepted != null && accepted.contains("gzip");
    }

    private static byte[] gzip(byte[] plain) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (OutputStream out = new GZIPOutputStream(bytes)) {
            out.write(plain);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }
}
