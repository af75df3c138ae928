// SPDX-License-Identifier: Apache-2.0
package io.chronotick.agent.mcp;

import io.chronotick.agent.Tool;
import io.modelcontextprotocol.json.McpJsonMapper;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.ErrorCodes;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The protocol from its revision 2026-07-28 on, in which every request says of itself what it needs and nothing is remembered between
 * two of them. The SDK knows the earlier revisions only, which begin with a session; both are served side by side, message by message.
 * Thread-safe.
 *
 * @see <a href="https://modelcontextprotocol.io/specification/2026-07-28/basic">Base protocol, revision 2026-07-28</a>
 */
final class StatelessProtocol {
    static final String VERSION = "2026-07-28";

    /** Under these names of {@code params._meta} a request describes itself. */
    static final String VERSION_KEY = "io.modelcontextprotocol/protocolVersion";

    static final String CAPABILITIES_KEY = "io.modelcontextprotocol/clientCapabilities";
    private static final String CLIENT_KEY = "io.modelcontextprotocol/clientInfo";
    private static final String SERVER_KEY = "io.modelcontextprotocol/serverInfo";

    /** Error codes that this revision has added. */
    static final int HEADER_MISMATCH = -32020;

    static final int UNSUPPORTED_VERSION = -32022;

    /** What a process offers never changes; so long may it be kept, ms. */
    private static final long LIST_TTL_MILLIS = 3_600_000;

    private static final TypeRef<Map<String, Object>> MAP = new TypeRef<>() {};
    private static final TypeRef<List<Map<String, Object>>> MAPS = new TypeRef<>() {};

    private final ToolServer server;
    private final McpJsonMapper json;
    private final Map<String, Object> serverInfo;
    private final List<Map<String, Object>> tools;
    private final List<Map<String, Object>> resources;

    StatelessProtocol(ToolServer server, McpJsonMapper json) {
        this.server = server;
        this.json = json;
        this.serverInfo = json.convertValue(server.info(), MAP);
        this.tools = json.convertValue(server.tools(), MAPS);
        this.resources = json.convertValue(server.resources(), MAPS);
    }

    /** Whether a request describes itself, as those of this revision do. */
    static boolean isStateless(McpSchema.JSONRPCRequest request) {
        return params(request).get("_meta") instanceof Map<?, ?> meta && meta.containsKey(VERSION_KEY);
    }

    /** All versions that are served, the newest first. */
    static List<String> versions() {
        List<String> versions = new ArrayList<>(ToolServer.PROTOCOL_VERSIONS);
        versions.add(VERSION);
        Collections.reverse(versions);
        return versions;
    }

    /**
     * Refuses a request that does not describe itself properly, whatever it asks for.
     *
     * @throws JsonRpc.Refused with {@link #UNSUPPORTED_VERSION} or INVALID_PARAMS
     */
    static void check(McpSchema.JSONRPCRequest request) throws JsonRpc.Refused {
        Object id = request.id();
        Map<?, ?> meta = params(request).get("_meta") instanceof Map<?, ?> given ? given : Map.of();
        String version = JsonRpc.require(id, meta, VERSION_KEY, String.class);
        if (!version.equals(VERSION)) {
            throw new JsonRpc.Refused(
                    id,
                    UNSUPPORTED_VERSION,
                    "protocol version '" + JsonRpc.shortened(version) + "' is not served in a request: use " + VERSION,
                    Map.of("supported", versions(), "requested", JsonRpc.shortened(version)));
        }
        JsonRpc.require(id, meta, CAPABILITIES_KEY, Map.class);
        if (meta.containsKey(CLIENT_KEY)) {
            JsonRpc.require(id, meta, CLIENT_KEY, Map.class);
        }
    }

    /**
     * Answers a request that has passed {@link #check}.
     *
     * @param notify takes what is told before the answer
     * @param stillThere asked every second while a call waits; throws UncheckedIOException if the caller has gone
     * @return the result, or empty if the call was cancelled: then nothing may be said any more
     * @throws JsonRpc.Refused if there is no such method, tool or resource, or it could not be worked on
     */
    Optional<Map<String, Object>> answer(
            McpSchema.JSONRPCRequest request, Consumer<McpSchema.JSONRPCNotification> notify, Runnable stillThere)
            throws JsonRpc.Refused {
        Object id = request.id();
        Map<?, ?> params = params(request);
        if (request.method().equals(JsonRpc.CALL_TOOL) || request.method().equals(JsonRpc.READ_RESOURCE)) {
            JsonRpc.check(id, request.method(), params);
        }
        try {
            return switch (request.method()) {
                case "server/discover" -> Optional.of(discover());
                case "tools/list" -> Optional.of(list(request, "tools", tools));
                case "resources/list" -> Optional.of(list(request, "resources", resources));
                case "resources/templates/list" -> Optional.of(list(request, "resourceTemplates", List.of()));
                case JsonRpc.READ_RESOURCE -> Optional.of(read(id, String.valueOf(params.get("uri"))));
                case JsonRpc.CALL_TOOL -> call(request, notify, stillThere);
                default -> throw JsonRpc.unknownMethod(request);
            };
        } catch (UncheckedIOException e) {
            throw e; // the caller has gone
        } catch (RuntimeException e) {
            throw new JsonRpc.Refused(
                    id, ErrorCodes.INTERNAL_ERROR, "internal error: " + JsonRpc.shortened(e.toString()));
        }
    }

    private Map<String, Object> discover() {
        Map<String, Object> result = complete();
        result.put("supportedVersions", versions());
        result.put("capabilities", Map.of("tools", Map.of(), "resources", Map.of()));
        result.put("instructions", server.instructions());
        cacheable(result, LIST_TTL_MILLIS, "public");
        return result;
    }

    private Map<String, Object> list(McpSchema.JSONRPCRequest request, String name, List<Map<String, Object>> entries)
            throws JsonRpc.Refused {
        if (params(request).get("cursor") != null) {
            throw new JsonRpc.Refused(
                    request.id(), ErrorCodes.INVALID_PARAMS, "there is no such cursor: all is on the first page");
        }
        Map<String, Object> result = complete();
        result.put(name, entries);
        cacheable(result, LIST_TTL_MILLIS, "public");
        return result;
    }

    private Map<String, Object> read(Object id, String uri) throws JsonRpc.Refused {
        Map<String, Object> result = complete();
        String text = server.read(uri)
                .orElseThrow(() -> new JsonRpc.Refused(
                        id,
                        ErrorCodes.INVALID_PARAMS,
                        "there is no resource '" + JsonRpc.shortened(uri) + "'; resources/list names them",
                        Map.of("uri", JsonRpc.shortened(uri))))
                .read(id);
        result.put("contents", List.of(Map.of("uri", uri, "mimeType", ToolServer.JSON, "text", text)));
        cacheable(result, 0, "private"); // the next reading is another
        return result;
    }

    private Optional<Map<String, Object>> call(
            McpSchema.JSONRPCRequest request, Consumer<McpSchema.JSONRPCNotification> notify, Runnable stillThere) {
        Map<?, ?> params = params(request);
        Object token = params.get("_meta") instanceof Map<?, ?> meta ? meta.get("progressToken") : null;
        Progress progress = new Progress(
                token,
                notice -> notify.accept(
                        new McpSchema.JSONRPCNotification("2.0", McpSchema.METHOD_NOTIFICATION_PROGRESS, notice)),
                stillThere);
        Tool tool = JsonRpc.calledTool(request).orElseThrow(); // checked when it was parsed
        McpSchema.CallToolResult called = server.call(tool, JsonRpc.arguments(params), progress);
        if (called == null) {
            return Optional.empty();
        }
        Map<String, Object> result = complete();
        result.putAll(json.convertValue(called, MAP));
        return Optional.of(result);
    }

    private Map<String, Object> complete() {
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("resultType", "complete");
        result.put("_meta", Map.of(SERVER_KEY, serverInfo));
        return result;
    }

    private static void cacheable(Map<String, Object> result, long ttlMillis, String scope) {
        result.put("ttlMs", ttlMillis);
        result.put("cacheScope", scope);
    }

    private static Map<?, ?> params(McpSchema.JSONRPCRequest request) {
        return request.params() instanceof Map<?, ?> params ? params : Map.of();
    }
}
