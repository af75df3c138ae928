# SPDX-License-Identifier: Apache-2.0
"""What pip installs, and what a checkout has."""

from __future__ import annotations

import importlib.machinery
import json
import os
import shutil
import subprocess
import sys
import time
import unittest
import zipfile
from pathlib import Path
from typing import Optional

import chronotick

from .support import CLIENTS, ENVIRONMENT, Segment, SegmentTest

# Debian has all three as packages of their own; the newest setuptools needs no wheel.
CAN_BUILD = """
import setuptools.build_meta, pip  # in this order: pip imports the distutils that setuptools replaces
try:
    import setuptools.command.bdist_wheel
except ImportError:
    import wheel.bdist_wheel
"""
# The quick reference's minimal example, whatever its modules are called.
EXAMPLE = """
import time
from {tools}.chronotick_sdk_tools import get_shared_memory, read_chronotick_data
from {tools}.create_chronotick_agent import ClaudeAgent, create_chronotick_agent
shm = get_shared_memory()
print(read_chronotick_data().get_corrected_time_at(time.time()))
"""
# What an agent asks for.
AGENT = """
import asyncio, json
from chronotick.agent import AgentTools
print(json.dumps(asyncio.run(AgentTools().get_time({}))))
"""


def builder() -> Optional[str]:
    """A Python that can build wheels without the network."""
    for python in (sys.executable, "/usr/bin/python3"):
        if shutil.which(python) and subprocess.run([python, "-c", CAN_BUILD], capture_output=True).returncode == 0:
            return python
    return None


class WheelTest(SegmentTest):
    python = builder()

    def setUp(self) -> None:
        super().setUp()
        Segment(self.path).write(valid_until=time.time() + 1000).put(168, "d", 0.001)  # not stale however slow the machine is

    def run_python(self, code: str, path: Path) -> subprocess.CompletedProcess:
        return self.run_program([sys.executable, "-c", code], path)

    def run_program(self, command, path: Path) -> subprocess.CompletedProcess:
        environment = {**ENVIRONMENT, "PYTHONPATH": str(path), "CHRONOTICK_SHM": str(self.path)}
        return subprocess.run(
            command, env=environment, cwd=self.directory, capture_output=True, encoding="utf-8", timeout=60
        )

    def pip(self, *arguments: str) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "PYTHON"))}
        environment.update(PIP_CONFIG_FILE=os.devnull, PIP_DISABLE_PIP_VERSION_CHECK="1")
        result = subprocess.run(
            [self.python, "-m", "pip", *arguments, "--no-index", "--no-deps", "--no-cache-dir"],
            env=environment,
            cwd=self.directory,
            capture_output=True,
            encoding="utf-8",
            timeout=300,
        )
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_a_checkout_has_both_names(self) -> None:
        for tools in ("tools", "chronotick.tools"):
            result = self.run_python(EXAMPLE.format(tools=tools), CLIENTS / "python")
            self.assertEqual(result.stderr, "")
            self.assertGreater(float(result.stdout), 1e9)
        one_module = "import tools.chronotick_sdk_tools as a, chronotick.tools.chronotick_sdk_tools as b\n"
        result = self.run_python(one_module + "print(a.get_shared_memory() is b.get_shared_memory())", CLIENTS / "python")
        self.assertEqual((result.stdout, result.stderr), ("True\n", ""))

    @unittest.skipUnless(python, "pip, setuptools and wheel are not installed: python3-pip python3-setuptools python3-wheel")
    def test_a_wheel_has_no_package_of_a_name_that_is_not_ours(self) -> None:
        source, wheels, target = (self.directory / name for name in ("source", "wheels", "target"))
        # Setuptools leaves its marks beside what it builds.
        shutil.copytree(CLIENTS / "python", source, ignore=shutil.ignore_patterns("__pycache__", "build", "*.egg-info"))
        self.pip("wheel", "--no-build-isolation", "--wheel-dir", str(wheels), str(source))
        (wheel,) = wheels.iterdir()
        with zipfile.ZipFile(wheel) as file:
            names = file.namelist()
        self.assertEqual(
            {name.split("/")[0] for name in names}, {"chronotick", f"chronotick-{chronotick.__version__}.dist-info"}
        )
        sources = {str(path.relative_to(source)) for path in (source / "chronotick").rglob("*") if path.is_file()}
        self.assertEqual({name for name in names if name.startswith("chronotick/")}, sources)

        self.pip("install", "--target", str(target), str(wheel))
        self.assertIsNone(importlib.machinery.PathFinder.find_spec("tools", [str(target)]))
        result = self.run_python(EXAMPLE.format(tools="chronotick.tools"), target)
        self.assertEqual(result.stderr, "")
        self.assertGreater(float(result.stdout), 1e9)
        result = self.run_python("import chronotick; print(chronotick.__file__)", target)
        self.assertEqual(result.stdout.strip(), str(target / "chronotick" / "__init__.py"))
        self.assertEqual(os.listdir(target / "bin"), ["chronotick-py"], "the launcher of the daemon is chronotick")
        result = self.run_program([str(target / "bin" / "chronotick-py"), "read"], target)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertTrue(result.stdout.startswith("Corrected Time:  "))
        result = self.run_program([str(target / "bin" / "chronotick-py"), "--help"], target)
        self.assertTrue(result.stdout.startswith("usage: chronotick-py "))
        self.assertIn("\n  chronotick-py read\n", result.stdout)

        # In an empty environment of its own, without a daemon: what the Java tools say then.
        empty = self.directory / "venv"
        subprocess.run([self.python, "-m", "venv", "--without-pip", str(empty)], check=True, timeout=300)
        self.pip("--python", str(empty / "bin" / "python"), "install", str(wheel))
        environment = {"CHRONOTICK_SHM": str(self.directory / "none"), "PATH": os.environ["PATH"]}
        result = subprocess.run(
            [str(empty / "bin" / "python"), "-c", AGENT], env=environment, capture_output=True, encoding="utf-8", timeout=60
        )
        self.assertEqual(result.stderr, "")
        time_now = json.loads(result.stdout)
        self.assertEqual((time_now["synchronized"], time_now["source"]), (False, "SYSTEM_CLOCK"))
        words = "NOT SYNCHRONIZED, the system clock as it is, which may be off by any amount: "
        self.assertTrue(time_now["message"].startswith(words), time_now["message"])
        java = (CLIENTS.parent / "agent/src/main/java/io/chronotick/agent/SystemTime.java").read_text(encoding="utf-8")
        self.assertIn(f'"{words}"', java)


if __name__ == "__main__":
    unittest.main()
