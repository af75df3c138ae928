// SPDX-License-Identifier: Apache-2.0

// As one who has installed the package: everything that it exports. Prints the tools that each of the adapters offers.
import { Reader, resolve } from "chronotick";
import { chronotickServer } from "chronotick/claude-agent-sdk";
import { chronotickLangChainTools } from "chronotick/langchain";
import { chronotickToolSet } from "chronotick/vercel-ai";

console.log(typeof Reader, resolve("./x"), typeof chronotickServer().instance.connect);
console.log(chronotickLangChainTools().map((tool) => tool.name).join(), Object.keys(chronotickToolSet()).join());
