# SPDX-License-Identifier: Apache-2.0
"""Agents of claude-agent-sdk that know the time.

Each factory returns ClaudeAgentOptions, to be given to claude_agent_sdk.query, ClaudeSDKClient or :class:`ClaudeAgent`.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Optional, Sequence

from chronotick import __version__

from .chronotick_sdk_tools import import_sdk, sdk_tools

SERVER_NAME = "chronotick"
_TIME = ("get_time",)
_STATUS = ("get_daemon_status",)


def create_chronotick_agent(**options: Any) -> Any:
    """All tools.

    :param options: anything else ClaudeAgentOptions takes: model, system_prompt, more mcp_servers and allowed_tools, ...
    :raises ImportError: if claude-agent-sdk is not installed
    """
    return add_chronotick_tools(import_sdk().ClaudeAgentOptions(**options))


def create_minimal_agent(**options: Any) -> Any:
    """get_time only. Parameters and errors as :func:`create_chronotick_agent`."""
    return add_chronotick_tools(import_sdk().ClaudeAgentOptions(**options), _TIME)


def create_monitoring_agent(**options: Any) -> Any:
    """get_daemon_status only. Parameters and errors as :func:`create_chronotick_agent`."""
    return add_chronotick_tools(import_sdk().ClaudeAgentOptions(**options), _STATUS)


def add_chronotick_tools(options: Any, names: Optional[Sequence[str]] = None) -> Any:
    """An agent's options with the tools beside those that it already has; the given options stay as they are.

    :param options: ClaudeAgentOptions
    :param names: of the tools to add; without it, all
    :raises ImportError: if claude-agent-sdk is not installed
    :raises ValueError: if the options name a file of MCP servers, or have another server of this name
    """
    sdk = import_sdk()
    servers = options.mcp_servers or {}
    if not isinstance(servers, dict):
        raise ValueError(f"mcp_servers is {servers!r}: give a dict of servers, a file cannot be added to")
    if SERVER_NAME in servers:
        raise ValueError(f"the options already have an MCP server named {SERVER_NAME!r}")
    tools = sdk_tools(names)
    return dataclasses.replace(
        options,
        mcp_servers={**servers, SERVER_NAME: sdk.create_sdk_mcp_server(SERVER_NAME, __version__, tools)},
        allowed_tools=[*(options.allowed_tools or []), *(f"mcp__{SERVER_NAME}__{tool.name}" for tool in tools)],
    )


@dataclasses.dataclass(frozen=True)
class Response:
    """What the agent said."""

    text: str


class ClaudeAgent:
    """One question, one answer, as in the quick reference; claude-agent-sdk itself has no class of this name."""

    def __init__(self, options: Any) -> None:
        """:param options: what a factory of this module returns"""
        self._options = options

    async def run(self, prompt: str) -> Response:
        """Asks and waits for the whole answer. Each call is a conversation of its own.

        :raises RuntimeError: if the agent ends with an error
        """
        sdk = import_sdk()
        texts = []
        async for message in sdk.query(prompt=prompt, options=self._options):
            if isinstance(message, sdk.AssistantMessage):
                texts.extend(block.text for block in message.content if isinstance(block, sdk.TextBlock))
            elif isinstance(message, sdk.ResultMessage) and message.is_error:
                raise RuntimeError(f"the agent ended with an error: {message.result or message.subtype}")
        return Response("\n".join(texts))
