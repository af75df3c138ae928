// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent.mcp;

import io.chronotick.agent.Tool;
import io.modelcontextprotocol.json.McpJsonMapper;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.spec.McpError;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.ErrorCodes;
import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Reads JSON-RPC messages before the SDK does, because the SDK ends its stdio session at the first malformed line, answers
 * parameters of the wrong form as internal errors, and over HTTP sends exceptions with their stack traces.
 */
final class JsonRpc {
    /** Of a message on stdio: far beyond any sensible call, small enough to hold some of them. */
    static final int MAX_MESSAGE_BYTES = 4 << 20;

    static final String INITIALIZE = "initialize";
    static final String INITIALIZED = "notifications/initialized";
    static final String CANCELLED = "notifications/cancelled";
    static final String PING = "ping";
    static final String READ_RESOURCE = "resources/read";
    static final String CALL_TOOL = "tools/call";

    /** What the revisions of the protocol that begin with a session know; before it, others are unknown, not early. */
    private static final Set<String> SESSION_METHODS = Set.of(
            INITIALIZE,
            PING,
            CALL_TOOL,
            READ_RESOURCE,
            "tools/list",
            "resources/list",
            "resources/templates/list",
            "logging/setLevel");

    private static final TypeRef<Object> ANY = new TypeRef<>() {};

    /** A message that gets an error for an answer. */
    static final class Refused extends Exception {
        private static final long serialVersionUID = 1;

        /** Null if the message does not tell. */
        private final transient @Nullable Object id;

        private final int code;
        private final transient Map<String, Object> data;

        Refused(@Nullable Object id, int code, String message) {
            this(id, code, message, Map.of());
        }

        Refused(@Nullable Object id, int code, String message, Map<String, Object> data) {
            super(message);
            this.id = id;
            this.code = code;
            this.data = data;
        }

        int code() {
            return code;
        }

        /** Whether the message was a request as such, which only asks for something impossible, or at a bad time. */
        boolean isProperRequest() {
            return code == ErrorCodes.INVALID_PARAMS
                    || code == ErrorCodes.INTERNAL_ERROR
                    || code == ErrorCodes.METHOD_NOT_FOUND;
        }

        /** The answer. */
        Map<String, Object> response() {
            Map<String, Object> error = new LinkedHashMap<>();
            error.put("code", code);
            error.put("message", String.valueOf(getMessage()));
            if (!data.isEmpty()) {
                error.put("data", data);
            }
            return JsonRpc.response(id, "error", error);
        }
    }

    private JsonRpc() {}

    static Map<String, Object> error(@Nullable Object id, int code, String message) {
        return response(id, "error", Map.of("code", code, "message", message));
    }

    static Map<String, Object> result(Object id, Object result) {
        return response(id, "result", result);
    }

    /** What the SDK wants to tell over HTTP, without the stack trace that it would send. */
    static Map<String, Object> error(McpError error) {
        McpSchema.JSONRPCResponse.JSONRPCError details = error.getJsonRpcError();
        return details == null
                ? error(null, ErrorCodes.INTERNAL_ERROR, String.valueOf(error.getMessage()))
                : error(null, details.code(), details.message());
    }

    private static Map<String, Object> response(@Nullable Object id, String kind, Object value) {
        Map<String, Object> response = new LinkedHashMap<>();
        response.put("jsonrpc", "2.0");
        response.put("id", id);
        response.put(kind, value);
        return response;
    }

    /** Reads one message, and refuses what the SDK would not answer properly. */
    static McpSchema.JSONRPCMessage parse(McpJsonMapper json, byte[] text) throws Refused {
        Object parsed;
        try {
            parsed = json.readValue(text, ANY);
        } catch (IOException e) {
            throw new Refused(null, ErrorCodes.PARSE_ERROR, "not JSON: " + cause(e));
        }
        if (parsed instanceof List<?>) {
            throw invalid(null, "batches are not supported: send one message at a time");
        }
        if (!(parsed instanceof Map<?, ?> message)) {
            throw invalid(null, "not a JSON-RPC message: send an object");
        }
        Object id = message.get("id");
        if (message.containsKey("id") && !(id instanceof String || id instanceof Integer || id instanceof Long)) {
            throw invalid(null, "id has to be a string or an integer");
        }
        if (!"2.0".equals(message.get("jsonrpc"))) {
            throw invalid(id, "jsonrpc has to be \"2.0\"");
        }
        if (message.get("method") == null
                && id != null
                && (message.containsKey("result") || message.containsKey("error"))) {
            return new McpSchema.JSONRPCResponse("2.0", id, message.get("result"), null);
        }
        if (!(message.get("method") instanceof String method)) {
            throw invalid(id, "method is missing");
        }
        Object params = message.get("params");
        if (params != null && !(params instanceof Map<?, ?>)) {
            throw invalid(id, "params has to be an object");
        }
        if (id == null) {
            return new McpSchema.JSONRPCNotification("2.0", method, params);
        }
        McpSchema.JSONRPCRequest request = new McpSchema.JSONRPCRequest("2.0", method, id, params);
        if (!StatelessProtocol.isStateless(request)) {
            check(id, method, params == null ? Map.of() : (Map<?, ?>) params);
        }
        return request;
    }

    /**
     * Refuses parameters of the wrong form.
     *
     * @throws Refused with INVALID_PARAMS
     */
    static void check(Object id, String method, Map<?, ?> params) throws Refused {
        switch (method) {
            case INITIALIZE -> {
                require(id, params, "protocolVersion", String.class);
                require(id, params, "capabilities", Map.class);
                Map<?, ?> clientInfo = require(id, params, "clientInfo", Map.class);
                require(id, clientInfo, "name", String.class);
                require(id, clientInfo, "version", String.class);
            }
            case CALL_TOOL -> {
                String name = require(id, params, "name", String.class);
                if (tool(name).isEmpty()) {
                    String known = Arrays.stream(Tool.values()).map(Tool::id).collect(Collectors.joining(", "));
                    throw invalidParams(id, "unknown tool '" + shortened(name) + "'; there are " + known);
                }
                if (params.get("arguments") != null) {
                    require(id, params, "arguments", Map.class);
                }
            }
            case READ_RESOURCE -> require(id, params, "uri", String.class);
            default -> {
                // The SDK answers what has no parameters, and what it does not know.
            }
        }
    }

    static <T> T require(Object id, Map<?, ?> params, String name, Class<T> type) throws Refused {
        Object value = params.get(name);
        if (!type.isInstance(value)) {
            throw invalidParams(
                    id,
                    name
                            + (value == null
                                    ? " is missing"
                                    : " has to be " + (type == Map.class ? "an object" : "a string")));
        }
        return type.cast(value);
    }

    /** What the SDK keeps of a client for its session: who it is. What else it says of itself may be long and has no use here. */
    static McpSchema.InitializeRequest initialization(McpSchema.JSONRPCRequest request) throws Refused {
        Map<?, ?> params = (Map<?, ?>) request.params();
        Map<?, ?> client = require(request.id(), params, "clientInfo", Map.class);
        return McpSchema.InitializeRequest.builder(
                        require(request.id(), params, "protocolVersion", String.class),
                        McpSchema.ClientCapabilities.builder().build(),
                        McpSchema.Implementation.builder(
                                        shortened(require(request.id(), client, "name", String.class)),
                                        shortened(require(request.id(), client, "version", String.class)))
                                .build())
                .build();
    }

    /** The tool that a request calls, if it does. */
    static Optional<Tool> calledTool(McpSchema.JSONRPCRequest request) {
        return request.method().equals(CALL_TOOL) && request.params() instanceof Map<?, ?> params
                ? tool(params.get("name"))
                : Optional.empty();
    }

    /** The arguments of a call that has been checked. */
    @SuppressWarnings("unchecked") // the keys of an object in JSON are strings
    static @Nullable Map<String, Object> arguments(Map<?, ?> params) {
        return (Map<String, Object>) params.get("arguments");
    }

    /** Whether a method is one of those that need a session. */
    static boolean isKnown(McpSchema.JSONRPCRequest request) {
        return SESSION_METHODS.contains(request.method());
    }

    static Refused unknownMethod(McpSchema.JSONRPCRequest request) {
        return new Refused(
                request.id(), ErrorCodes.METHOD_NOT_FOUND, "Method not found: " + shortened(request.method()));
    }

    /** The request that a cancellation is about. */
    static Optional<Object> cancelledRequest(McpSchema.JSONRPCNotification notification) {
        return notification.params() instanceof Map<?, ?> params
                ? Optional.ofNullable(params.get("requestId"))
                : Optional.empty();
    }

    private static Optional<Tool> tool(@Nullable Object name) {
        return Arrays.stream(Tool.values())
                .filter(tool -> tool.id().equals(name))
                .findAny();
    }

    private static Refused invalid(@Nullable Object id, String message) {
        return new Refused(id, ErrorCodes.INVALID_REQUEST, message);
    }

    private static Refused invalidParams(Object id, String message) {
        return new Refused(id, ErrorCodes.INVALID_PARAMS, message);
    }

    /** The parser's complaint, without the quotation of its source that follows in the next line. */
    private static String cause(IOException e) {
        Throwable cause = e.getCause() == null ? e : e.getCause();
        return shortened(String.valueOf(cause.getMessage()).lines().findFirst().orElse("empty"));
    }

    /** So much of what a caller has said as an answer may repeat. */
    static String shortened(String text) {
        return text.length() <= 200 ? text : text.substring(0, 200) + "...";
    }
}
