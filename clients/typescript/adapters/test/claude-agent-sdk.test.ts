// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { chronotickServer, withChronotick } from "../src/claude-agent-sdk.js";
import { daemonIsGone, daemonRuns, isReading } from "./support.js";

/** Claude Code's side of the server that the SDK makes. */
async function connected(): Promise<Client> {
  const client = new Client({ name: "test", version: "1" });
  const [ours, theirs] = InMemoryTransport.createLinkedPair();
  await chronotickServer().instance.connect(theirs);
  await client.connect(ours);
  return client;
}

async function answer(client: Client, name: string, input: Record<string, unknown>): Promise<{ isError: boolean; text: string }> {
  const result = await client.callTool({ name, arguments: input });
  const [part] = result.content as { type: string; text: string }[];
  return { isError: result.isError === true, text: part!.text };
}

beforeEach(daemonRuns);

test("offers the tools with their descriptions and hints", async () => {
  const client = await connected();
  const { tools } = await client.listTools();
  assert.deepEqual(tools.map((tool) => tool.name), ["get_time", "get_daemon_status"]);
  assert.match(JSON.stringify(tools[0]!.inputSchema), /"timezone":\{.*IANA name/);
  assert.deepEqual(tools[0]!.annotations, { title: "Current time", readOnlyHint: true, idempotentHint: true, openWorldHint: false });
  await client.close();
});

test("the reading, and what went wrong, reach the model", async () => {
  const client = await connected();
  const good = await answer(client, "get_time", { timezone: "Asia/Kolkata" });
  assert(!good.isError && isReading(good.text));
  const zone = await answer(client, "get_time", { timezone: "Mars" });
  assert(zone.isError);
  assert.match(zone.text, /^timezone "Mars" is unknown: give an IANA name/);
  const kind = await answer(client, "get_time", { timezone: 5 });
  assert(kind.isError);
  assert.match((await answer(client, "get_daemon_status", {})).text, /^\{"status":"ready"/);
  await client.close();
  daemonIsGone();
  const later = await connected();
  const gone = await answer(later, "get_time", {});
  assert(!gone.isError);
  assert.match(gone.text, /^\{"synchronized":false,.*start one with: chronotick daemon/);
  await later.close();
});

test("adds to what an agent has", () => {
  const before = { mcpServers: { git: { command: "git-mcp" } }, allowedTools: ["Read"], systemPrompt: "Be brief." };
  const after = withChronotick(before, "time");
  assert.deepEqual(Object.keys(after.mcpServers!), ["git", "chronotick"]);
  assert.deepEqual(after.allowedTools, ["Read", "mcp__chronotick__get_time"]);
  assert.equal(after.systemPrompt, "Be brief.");
  assert.deepEqual([Object.keys(before.mcpServers), before.allowedTools], [["git"], ["Read"]]);
  assert.throws(() => withChronotick(after), /already have an MCP server named chronotick/);
  assert.deepEqual(withChronotick().allowedTools, ["mcp__chronotick__get_time", "mcp__chronotick__get_daemon_status"]);
});
