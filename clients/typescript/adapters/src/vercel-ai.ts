// SPDX-License-Identifier: Apache-2.0
import { type Tool, type ToolSet, jsonSchema, tool } from "ai";
import { type Choice, type Json, chronotickTools } from "../../src/tools.js";

/**
 * The tools for the Vercel AI SDK: to be given to generateText, streamText or an agent, beside others.
 *
 * What a call cannot do it throws; the SDK tells the model its message, which says what to do.
 *
 * @param choice which of them; without it, both
 */
export function chronotickToolSet(choice: Choice = "all"): ToolSet {
  return Object.fromEntries(
    chronotickTools(choice).map(({ name, title, description, inputSchema, call }): [string, Tool<Json, Json>] => [
      name,
      tool({ title, description, inputSchema: jsonSchema<Json>(structuredClone(inputSchema) as object), execute: async (input) => call(input) }),
    ]),
  );
}
