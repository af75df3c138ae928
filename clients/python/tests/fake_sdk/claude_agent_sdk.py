# SPDX-License-Identifier: Apache-2.0
"""As much of claude-agent-sdk's interface (0.1 and later) as the factories use, with a scripted model in the place of Claude:
it calls every tool that needs no input, and repeats in its answer what they returned."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, AsyncIterator, Awaitable, Callable, Dict, List, Optional


@dataclass
class ToolAnnotations:
    title: Optional[str] = None
    readOnlyHint: Optional[bool] = None
    idempotentHint: Optional[bool] = None
    openWorldHint: Optional[bool] = None


@dataclass
class SdkMcpTool:
    name: str
    description: str
    input_schema: Dict[str, Any]
    handler: Callable[[Dict[str, Any]], Awaitable[Dict[str, Any]]]
    annotations: Optional[ToolAnnotations] = None


def tool(name: str, description: str, input_schema: Any, annotations: Optional[ToolAnnotations] = None):
    return lambda handler: SdkMcpTool(name, description, input_schema, handler, annotations)


def create_sdk_mcp_server(name: str, version: str = "1.0.0", tools: Optional[List[SdkMcpTool]] = None) -> Dict[str, Any]:
    return {"type": "sdk", "name": name, "instance": {tool.name: tool for tool in tools or []}}


@dataclass
class ClaudeAgentOptions:
    allowed_tools: List[str] = field(default_factory=list)
    system_prompt: Optional[str] = None
    mcp_servers: Any = field(default_factory=dict)
    model: Optional[str] = None


@dataclass
class TextBlock:
    text: str


@dataclass
class AssistantMessage:
    content: List[Any]
    model: str = "scripted"


@dataclass
class ResultMessage:
    subtype: str
    is_error: bool
    result: Optional[str] = None


async def query(*, prompt: str, options: Optional[ClaudeAgentOptions] = None) -> AsyncIterator[Any]:
    options = options or ClaudeAgentOptions()
    assert dataclasses.is_dataclass(options)
    if prompt == "fail":
        yield ResultMessage("error_during_execution", True)
        return
    yield AssistantMessage([TextBlock(f"You asked: {prompt}")])
    for key, server in options.mcp_servers.items():
        for name, definition in server["instance"].items():
            if definition.input_schema.get("required") or f"mcp__{key}__{name}" not in options.allowed_tools:
                continue
            if name == "wait_until":  # needs one of two arguments, which a schema for models cannot say
                continue
            result = await definition.handler({})
            assert not result.get("is_error"), result
            yield AssistantMessage([TextBlock(f"{name}: {block['text']}") for block in result["content"]])
    yield ResultMessage("success", False, "done")
