# SPDX-License-Identifier: Apache-2.0
"""Against a daemon that runs: $CHRONOTICK_SHM names its segment. Run by the tests of cli.

The quick reference that the project began with is run as printed, but for one import: claude-agent-sdk has no class
ClaudeAgent, so that one comes from tools.create_chronotick_agent. It is looked for in $CHRONOTICK_QUICK_REFERENCE.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import inspect
import io
import json
import os
import re
import sys
import time
import unittest
from pathlib import Path
from unittest import mock

from chronotick import Reader

HERE = Path(__file__).resolve().parent
FAKE_SDK = HERE / "fake_sdk"
BLOCK = re.compile(r"^### (?P<title>[^\n]+)\n(?:(?!^#).)*?^```python\n(?P<code>.*?)^```", re.MULTILINE | re.DOTALL)
# Fragments that define nothing of what they use: they explain, in any version of the document.
FRAGMENTS = {"Lock-Free Pattern", "Global Handle Pattern"}
IMPORT = ("from claude_agent_sdk import ClaudeAgent", "from tools.create_chronotick_agent import ClaudeAgent")
REAL_SLEEP = time.sleep


def run(code: str) -> str:
    """Runs a program that may await at its top level, with short sleeps, and returns what it prints."""
    compiled = compile(code, "example", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    out = io.StringIO()
    with contextlib.redirect_stdout(out), mock.patch("time.sleep", lambda seconds: REAL_SLEEP(min(seconds, 1e-4))):
        result = eval(compiled, {"__name__": "__main__"})
        if inspect.isawaitable(result):
            asyncio.run(result)
    return out.getvalue()


class LiveTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        sys.path.insert(0, str(FAKE_SDK))

    @classmethod
    def tearDownClass(cls) -> None:
        sys.path.remove(str(FAKE_SDK))

    def assert_is_now(self, seconds: float) -> None:
        self.assertLess(abs(seconds - Reader().now().estimate), 60)

    def test_reads_the_daemon(self) -> None:
        with Reader() as reader:
            earlier, record, page, later = reader.now(), reader.read_valid(), reader.status(), reader.now()
            self.assertLess(earlier.estimate_ns, later.estimate_ns)
            self.assertLess(earlier.bound_ns, 1_000_000_000)
            self.assertEqual(record.layout_version, 2)
            # The servers' truth is half a second away from this machine's clock.
            self.assertAlmostEqual(record.get_correction_at(time.time()), 0.5, delta=0.05)
            self.assertTrue(page.sources)
            self.assertTrue(reader.wait_until(later.latest_ns).earliest_ns > later.latest_ns)
            self.assertTrue(reader.after(later.latest_ns))

    def test_never_goes_back_while_the_daemon_writes(self) -> None:
        with Reader() as reader:
            last = reader.now()
            for _ in range(20_000):
                now = reader.now()
                self.assertGreater(now.latest_ns, last.earliest_ns)
                last = now

    def test_quick_reference(self) -> None:
        path = os.environ.get("CHRONOTICK_QUICK_REFERENCE", "")
        if not path:
            # Not part of the repository: the same examples are in README.md, which another test runs.
            path = str(HERE.parent / "README.md")
        blocks = {match["title"]: match["code"] for match in BLOCK.finditer(Path(path).read_text(encoding="utf-8"))}
        expected = {
            "SDK MCP Integration (Agent)": self.check_agent,
            "Direct Shared Memory Access (Fast)": self.check_direct,
            "Minimal Example": lambda out: self.assert_is_now(float(out)),
            "Use Case 2: Agent Coordination": lambda out: None,
            "Use Case 4: System Integration": self.check_integration,
        }
        self.assertEqual(set(blocks) - FRAGMENTS, set(expected))
        for title, check in expected.items():
            with self.subTest(title):
                code = blocks[title]
                check(run(code.replace(*IMPORT)))

    def check_agent(self, out: str) -> None:
        reading = json.loads(re.search(r"^get_time: (.*)$", out, re.MULTILINE)[1])
        self.assert_is_now(reading["corrected_time"])

    def check_direct(self, out: str) -> None:
        lines = re.findall(r"^Time: (\d+\.\d{6}) ±(\d+\.\d{3})μs$", out, re.MULTILINE)
        self.assertEqual(len(lines), len(out.splitlines()))
        self.assertGreater(len(lines), 0)
        for seconds, micros in lines:
            self.assert_is_now(float(seconds))
            self.assertGreater(float(micros), 0)

    def check_integration(self, out: str) -> None:
        reading = json.loads(out)
        self.assert_is_now(reading["corrected_time"])
        self.assertEqual(set(reading), {"corrected_time", "uncertainty", "confidence", "source"})


if __name__ == "__main__":
    unittest.main()
