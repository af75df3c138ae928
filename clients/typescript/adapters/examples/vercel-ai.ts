// SPDX-License-Identifier: Apache-2.0

// An agent of the Vercel AI SDK that knows the time.
import { type LanguageModel, generateText, stepCountIs } from "ai";
import { chronotickToolSet } from "../src/vercel-ai.js"; // elsewhere: "chronotick/vercel-ai"

/** @param model of any provider, such as anthropic("claude-sonnet-4-5") of @ai-sdk/anthropic */
export async function ask(model: LanguageModel, question: string): Promise<string> {
  const { text } = await generateText({
    model,
    prompt: question,
    tools: { ...chronotickToolSet() }, // beside your own
    stopWhen: stepCountIs(5),
  });
  return text;
}
