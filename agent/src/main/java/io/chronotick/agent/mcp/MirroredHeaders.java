// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent.mcp;

import io.modelcontextprotocol.spec.McpSchema;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.eclipse.jetty.http.HttpFields;
import org.jspecify.annotations.Nullable;

/**
 * What a request of {@link StatelessProtocol} says in its headers as well as in its body. Proxies decide by the headers, so a request in
 * which the two differ is refused.
 *
 * @see <a href="https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#server-validation">Streamable
 *     HTTP, Server Validation</a>
 */
final class MirroredHeaders {
    static final String VERSION = "MCP-Protocol-Version";
    private static final String METHOD = "Mcp-Method";
    private static final String NAME = "Mcp-Name";

    /** Around a value that a header could not hold as it is. */
    private static final String ENCODED_PREFIX = "=?base64?";

    private static final String ENCODED_SUFFIX = "?=";

    /** Which parameter is mirrored in {@link #NAME}, by method. */
    private static final Map<String, String> NAMED_BY =
            Map.of(JsonRpc.CALL_TOOL, "name", JsonRpc.READ_RESOURCE, "uri", "prompts/get", "name");

    private MirroredHeaders() {}

    /**
     * Compares them.
     *
     * @throws JsonRpc.Refused with {@link StatelessProtocol#HEADER_MISMATCH} if one is missing, there twice or another
     */
    static void check(HttpFields headers, McpSchema.JSONRPCRequest request) throws JsonRpc.Refused {
        Map<?, ?> params = request.params() instanceof Map<?, ?> given ? given : Map.of();
        Object version = params.get("_meta") instanceof Map<?, ?> meta ? meta.get(StatelessProtocol.VERSION_KEY) : null;
        require(headers, VERSION, version, request);
        require(headers, METHOD, request.method(), request);
        String parameter = NAMED_BY.get(request.method());
        if (parameter != null) {
            require(headers, NAME, params.get(parameter), request);
        }
    }

    private static void require(
            HttpFields headers, String header, @Nullable Object expected, McpSchema.JSONRPCRequest request)
            throws JsonRpc.Refused {
        if (!(expected instanceof String text)) {
            return; // what is wrong with the body is said of the body
        }
        List<String> values = headers.getValuesList(header);
        if (values.isEmpty()) {
            throw mismatch(request, "the header " + header + " is missing: send " + JsonRpc.shortened(text));
        }
        if (values.size() > 1) {
            throw mismatch(request, "the header " + header + " is there " + values.size() + " times: send one");
        }
        String value = values.get(0).strip();
        String decoded = header.equals(NAME) ? decoded(value, request) : value;
        if (!decoded.equals(text)) {
            throw mismatch(
                    request,
                    "the header " + header + " is '" + JsonRpc.shortened(decoded) + "', the body says '"
                            + JsonRpc.shortened(text) + "'");
        }
    }

    private static String decoded(String value, McpSchema.JSONRPCRequest request) throws JsonRpc.Refused {
        if (!value.startsWith(ENCODED_PREFIX)
                || !value.endsWith(ENCODED_SUFFIX)
                || value.length() < ENCODED_PREFIX.length() + ENCODED_SUFFIX.length()) {
            return value;
        }
        String text = value.substring(ENCODED_PREFIX.length(), value.length() - ENCODED_SUFFIX.length());
        try {
            return new String(Base64.getDecoder().decode(text), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw mismatch(request, "the header " + NAME + " is not proper Base64");
        }
    }

    private static JsonRpc.Refused mismatch(McpSchema.JSONRPCRequest request, String message) {
        return new JsonRpc.Refused(request.id(), StatelessProtocol.HEADER_MISMATCH, message);
    }
}
