// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { AIMessage, type BaseMessage } from "@langchain/core/messages";
import { fakeModel } from "@langchain/core/testing";
import { ask } from "../examples/langchain.js";
import { chronotickLangChainTools } from "../src/langchain.js";
import { daemonIsGone, daemonRuns, isReading } from "./support.js";

/** The model asks for a tool, the tool runs, and the model says what it was told. */
function said(name: string, args: Record<string, unknown>): Promise<string> {
  const model = fakeModel()
    .respondWithTools([{ name, args, id: "1" }])
    .respond((messages: BaseMessage[]) => new AIMessage(messages.at(-1)!.text));
  return ask(model, "What time is it?");
}

beforeEach(daemonRuns);

test("the reading reaches the model", async () => {
  assert(isReading(await said("get_time", { timezone: "Asia/Kolkata" })));
  assert.match(await said("get_daemon_status", {}), /^\{"status":"ready"/);
});

test("what went wrong reaches the model as text", async () => {
  assert.match(await said("get_time", { timezone: "Mars" }), /give an IANA name/);
  assert.match(await said("get_time", { timezone: 5 }), /schema/);
  daemonIsGone();
  assert.match(await said("get_time", {}), /^\{"synchronized":false,.*start one with: chronotick daemon/);
  assert.match(await said("get_daemon_status", {}), /^\{"status":"not_running","message":".*start one with/);
});

test("one of the tools", () => {
  assert.deepEqual(chronotickLangChainTools("time").map((tool) => tool.name), ["get_time"]);
  assert.deepEqual(chronotickLangChainTools("status").map((tool) => tool.name), ["get_daemon_status"]);
});
