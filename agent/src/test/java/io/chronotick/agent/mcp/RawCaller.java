// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent.mcp;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;

/** A connection by hand, since no HTTP client stops in the middle, lies about the Host or forgets to read. */
final class RawCaller implements AutoCloseable {
    private final Socket socket;
    private final String host;

    RawCaller(URI server) throws IOException {
        this.socket = new Socket(InetAddress.getByName(server.getHost()), server.getPort());
        this.host = "Host: localhost:" + server.getPort() + "\r\n";
    }

    /** A request with the proper Host; its body may be shorter than it says. */
    String request(String method, String headers, int length, String body) {
        return method + " /mcp HTTP/1.1\r\n" + host + headers + "Content-Type: application/json\r\n"
                + "Accept: application/json, text/event-stream\r\nContent-Length: " + length + "\r\n\r\n" + body;
    }

    String post(String headers, String body) {
        return request("POST", headers, body.getBytes(StandardCharsets.UTF_8).length, body);
    }

    RawCaller send(String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
        return this;
    }

    /** Up to one of the texts, or to the end if none comes. */
    String readUntil(String... texts) throws IOException {
        InputStream in = socket.getInputStream();
        StringBuilder read = new StringBuilder();
        for (int c = in.read(); c >= 0; c = in.read()) {
            read.append((char) c);
            for (String text : texts) {
                if (read.length() >= text.length() && read.indexOf(text, read.length() - text.length()) >= 0) {
                    return read.toString();
                }
            }
        }
        return read.toString();
    }

    /** The number in the first line of the answer. */
    String status() throws IOException {
        String[] line = readUntil("\r\n").split(" ", 3);
        return line.length < 2 ? "" : line[1];
    }

    /** Sends the text again and again, until the server has closed the connection. */
    void sendUntilClosed(String text) throws IOException {
        socket.setSoTimeout(50);
        while (true) {
            try {
                send(text);
                if (socket.getInputStream().read() < 0) {
                    return;
                }
            } catch (SocketTimeoutException e) {
                // it is still open, and has not answered
            } catch (SocketException e) {
                return;
            }
        }
    }

    /** Sends the text again and again without reading anything, until the server has closed the connection. */
    void sendUntilReset(String text) {
        try {
            while (true) {
                send(text);
            }
        } catch (IOException e) {
            // that was to come
        }
    }

    boolean isClosed() throws IOException {
        socket.setSoTimeout(1);
        try {
            return socket.getInputStream().read() < 0;
        } catch (SocketTimeoutException e) {
            return false;
        } catch (SocketException e) {
            return true;
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
