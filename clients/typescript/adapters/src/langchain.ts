// SPDX-License-Identifier: Apache-2.0
import { type StructuredToolInterface, tool } from "@langchain/core/tools";
import { type Choice, type Json, chronotickTools } from "../../src/tools.js";

/**
 * The tools for LangChain.js: to be bound to a model, or given to an agent.
 *
 * What a call cannot do it throws; agents tell the model its message, which says what to do.
 *
 * @param choice which of them; without it, both
 */
export function chronotickLangChainTools(choice: Choice = "all"): StructuredToolInterface[] {
  return chronotickTools(choice).map(({ name, description, inputSchema, call }) =>
    tool(async (input) => JSON.stringify(call(input as Json)), { name, description, schema: structuredClone(inputSchema) as object }),
  );
}
