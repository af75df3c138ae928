// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { MockLanguageModelV3 } from "ai/test";
import { ask } from "../examples/vercel-ai.js";
import { chronotickToolSet } from "../src/vercel-ai.js";
import { daemonIsGone, daemonRuns, isReading } from "./support.js";

const usage = {
  inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 1, text: 1, reasoning: 0 },
};

/** Asks for a tool, and then says what came of it. */
function scripted(toolName: string, input: object): MockLanguageModelV3 {
  return new MockLanguageModelV3({
    doGenerate: async ({ prompt }) => {
      const last = prompt.at(-1)!;
      if (last.role !== "tool") {
        return {
          content: [{ type: "tool-call", toolCallId: "1", toolName, input: JSON.stringify(input) }],
          finishReason: { unified: "tool-calls", raw: undefined },
          usage,
          warnings: [],
        };
      }
      const result = last.content[0]!;
      assert(result.type === "tool-result");
      const { output } = result;
      return {
        content: [{ type: "text", text: output.type === "json" ? JSON.stringify(output.value) : `${output.type}: ${JSON.stringify(output)}` }],
        finishReason: { unified: "stop", raw: undefined },
        usage,
        warnings: [],
      };
    },
  });
}

async function said(toolName: string, input: object): Promise<string> {
  const model = scripted(toolName, input);
  const text = await ask(model, "What time is it?");
  const offered = model.doGenerateCalls[0]!.tools!;
  assert.deepEqual(offered.map((tool) => tool.name), ["get_time", "get_daemon_status"]);
  assert(offered[0]!.type === "function" && offered[0]!.inputSchema.properties!["timezone"]);
  return text;
}

beforeEach(daemonRuns);

test("the reading reaches the model", async () => {
  assert(isReading(await said("get_time", { timezone: "Asia/Kolkata" })));
  assert.match(await said("get_daemon_status", {}), /^\{"status":"ready"/);
});

test("what went wrong reaches the model as text", async () => {
  assert.match(await said("get_time", { timezone: "Mars" }), /^error-text: .*give an IANA name/);
  daemonIsGone();
  assert.match(await said("get_time", {}), /^\{"synchronized":false,.*start one with: chronotick daemon/);
  assert.match(await said("get_daemon_status", {}), /^\{"status":"not_running","message":".*start one with/);
});

test("one of the tools", () => {
  assert.deepEqual(Object.keys(chronotickToolSet("time")), ["get_time"]);
  assert.deepEqual(Object.keys(chronotickToolSet("status")), ["get_daemon_status"]);
});
