// SPDX-License-Identifier: Apache-2.0

// An agent of the Claude Agent SDK that knows the time; needs Claude Code and a key: node claude-agent-sdk.js
import { query } from "@anthropic-ai/claude-agent-sdk";
import { withChronotick } from "../src/claude-agent-sdk.js"; // elsewhere: "chronotick/claude-agent-sdk"

const options = withChronotick({ systemPrompt: "Be brief." });
for await (const message of query({ prompt: "What time is it in Berlin, and how sure are you?", options })) {
  if (message.type === "result" && message.subtype === "success") {
    console.log(message.result);
  }
}
