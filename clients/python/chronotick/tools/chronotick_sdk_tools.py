# SPDX-License-Identifier: Apache-2.0
"""Direct access with the names of the quick reference, and the tools as claude-agent-sdk wants them."""

from __future__ import annotations

import json
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence

from chronotick import ChronoTickError, CorrectionRecord, Reader
from chronotick.agent import AgentTools, BadInput, Tool, all_tools

_reader: Optional[Reader] = None


def get_shared_memory() -> Reader:
    """The reader of this process: attached at the first call, then always the same.

    :raises chronotick.NoSegmentError: if no daemon runs
    """
    global _reader
    if _reader is None:
        _reader = Reader()
    return _reader


def read_chronotick_data() -> CorrectionRecord:
    """A record that is good now.

    :raises chronotick.ChronoTickError: if there is none, expired ones included; the message says why
    """
    return get_shared_memory().read_valid()


_TOOLS = AgentTools(get_shared_memory)


def tool_definitions(names: Optional[Sequence[str]] = None) -> List[Tool]:
    """The tools, or those of the given names, for any framework."""
    return [tool for tool in all_tools(_TOOLS) if names is None or tool.name in names]


def import_sdk() -> Any:
    """The claude_agent_sdk module.

    :raises ImportError: if it is not installed; the message says how to get it
    """
    try:
        import claude_agent_sdk
    except ImportError as e:
        raise ImportError(
            "the agent factories need claude-agent-sdk (Python 3.10 or later): pip install claude-agent-sdk;"
            " reading the time without an agent needs nothing: from chronotick import Reader"
        ) from e
    return claude_agent_sdk


def sdk_tools(names: Optional[Sequence[str]] = None) -> List[Any]:
    """The tools decorated for claude_agent_sdk.create_sdk_mcp_server.

    :raises ImportError: if claude-agent-sdk is not installed
    """
    sdk = import_sdk()
    return [_decorated(sdk, definition) for definition in tool_definitions(names)]


def _decorated(sdk: Any, definition: Tool) -> Any:
    hints: Dict[str, Any] = {}
    if hasattr(sdk, "ToolAnnotations"):  # releases before it take none
        hints["annotations"] = sdk.ToolAnnotations(
            title=definition.title, readOnlyHint=True, idempotentHint=definition.idempotent, openWorldHint=False
        )
    decorator: Callable[[Any], Any] = sdk.tool(definition.name, definition.description, definition.input_schema, **hints)

    async def handler(arguments: Mapping[str, Any]) -> Dict[str, Any]:
        try:
            return _text(json.dumps(await definition.operation(arguments), allow_nan=False))
        except (ChronoTickError, BadInput) as e:
            return {**_text(str(e)), "is_error": True}

    return decorator(handler)


def _text(text: str) -> Dict[str, Any]:
    return {"content": [{"type": "text", "text": text}]}
