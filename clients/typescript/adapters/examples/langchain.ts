// SPDX-License-Identifier: Apache-2.0

// A model of LangChain.js that is asked until it needs no tool any more; createAgent of the package langchain takes the same tools.
import type { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { type AIMessage, type BaseMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { chronotickLangChainTools } from "../src/langchain.js"; // elsewhere: "chronotick/langchain"

/** @param model of any provider that can call tools, such as ChatAnthropic of @langchain/anthropic */
export async function ask(model: BaseChatModel, question: string): Promise<string> {
  const tools = chronotickLangChainTools();
  const bound = model.bindTools!(tools);
  const messages: BaseMessage[] = [new HumanMessage(question)];
  for (;;) {
    const answer = (await bound.invoke(messages)) as AIMessage;
    messages.push(answer);
    if (!answer.tool_calls?.length) {
      return answer.text;
    }
    for (const call of answer.tool_calls) {
      const tool = tools.find(({ name }) => name === call.name);
      const id = call.id ?? "";
      try {
        messages.push((await tool!.invoke({ ...call, type: "tool_call" })) as ToolMessage);
      } catch (e) {
        messages.push(new ToolMessage({ tool_call_id: id, status: "error", content: (e as Error).message }));
      }
    }
  }
}
