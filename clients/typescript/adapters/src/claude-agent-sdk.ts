// SPDX-License-Identifier: Apache-2.0
import { type McpSdkServerConfigWithInstance, type Options, createSdkMcpServer, tool } from "@anthropic-ai/claude-agent-sdk";
import { z } from "zod";
import { ChronoTickError } from "../../src/errors.js";
import { BadInputError, type Choice, type Tool, chronotickTools } from "../../src/tools.js";

const SERVER_NAME = "chronotick";

/**
 * An agent's options with the tools beside those that it already has, allowed to be used; the given options stay as they are.
 *
 * @param choice which of them; without it, both
 * @throws Error if the options have another MCP server of this name
 */
export function withChronotick(options: Options = {}, choice: Choice = "all"): Options {
  if (options.mcpServers && SERVER_NAME in options.mcpServers) {
    throw new Error(`the options already have an MCP server named ${SERVER_NAME}`);
  }
  return {
    ...options,
    mcpServers: { ...options.mcpServers, [SERVER_NAME]: chronotickServer(choice) },
    allowedTools: [...(options.allowedTools ?? []), ...chronotickTools(choice).map(({ name }) => `mcp__${SERVER_NAME}__${name}`)],
  };
}

/**
 * The tools as an MCP server within this process, for the option mcpServers.
 *
 * @param choice which of them; without it, both
 */
export function chronotickServer(choice: Choice = "all"): McpSdkServerConfigWithInstance {
  return createSdkMcpServer({ name: SERVER_NAME, version: "0.2.0", tools: chronotickTools(choice).map(definition) });
}

function definition({ name, title, description, inputSchema, call }: Tool) {
  // All arguments there are are optional texts.
  const shape = Object.fromEntries(
    Object.entries(inputSchema.properties).map(([key, property]) => [key, z.string().optional().describe(property.description)]),
  );
  return tool(
    name,
    description,
    shape,
    async (input) => {
      try {
        return { content: [{ type: "text", text: JSON.stringify(call(input)) }] };
      } catch (e) {
        if (!(e instanceof ChronoTickError) && !(e instanceof BadInputError)) {
          throw e;
        }
        return { content: [{ type: "text", text: e.message }], isError: true };
      }
    },
    { annotations: { title, readOnlyHint: true, idempotentHint: true, openWorldHint: false } },
  );
}
