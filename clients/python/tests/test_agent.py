# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import time
import unittest
from pathlib import Path
from unittest import mock
from zoneinfo import ZoneInfo

from chronotick import ExpiredError, NoSegmentError, NotReadyError, Reader
from chronotick import agent
from chronotick import format as fmt
from chronotick.agent import AgentTools, BadInput, all_tools
from chronotick.tools import chronotick_sdk_tools
from chronotick.tools.create_chronotick_agent import (
    ClaudeAgent,
    add_chronotick_tools,
    create_chronotick_agent,
    create_minimal_agent,
    create_monitoring_agent,
)

from .support import Segment, SegmentTest, generate

FAKE_SDK = str(Path(__file__).parent / "fake_sdk")
ALL = [
    "get_time",
    "get_current_time",
    "convert_time",
    "get_daemon_status",
    "get_time_with_future_uncertainty",
    "wait_until",
    "compare_timestamps",
]
TOOL_TEXT = Path(__file__).parents[3] / "agent/src/main/java/io/chronotick/agent/ToolText.java"
# A day ahead of UTC at the time of the samples; no test depends on the zone of the machine that runs it.
HOST_ZONE = ZoneInfo("Pacific/Auckland")


class OperationsTest(SegmentTest):
    def setUp(self) -> None:
        super().setUp()
        self.tools = AgentTools(lambda: Reader(self.path), HOST_ZONE)

    def call(self, name: str, **arguments):
        tool = next(tool for tool in all_tools(self.tools) if tool.name == name)
        result = asyncio.run(tool.operation(arguments))
        json.dumps(result, allow_nan=False)
        self.assertGreaterEqual(result.pop("call_latency_ms"), 0)
        return result

    def test_get_time(self) -> None:
        Segment(self.path).write(system_timestamp=generate.ANCHOR, offset_correction=0.25, prediction_time=generate.ANCHOR)
        result = self.call("get_time")
        self.assertEqual(
            set(result),
            set(
                "corrected_time system_time offset_correction drift_rate offset_uncertainty drift_uncertainty time_uncertainty"
                " confidence source prediction_time valid_until is_valid is_ntp_ready is_models_ready corrected_time_iso"
                " earliest latest max_error utc_date local_time_iso utc_offset local_date host_timezone synchronized".split()
            ),
        )
        self.assertTrue(result["corrected_time_iso"].startswith("2025-03-13T15:33:20.") or "T15:33:2" in result["earliest"])
        self.assertTrue(result["earliest"] < result["corrected_time_iso"] < result["latest"])
        self.assertEqual(result["source"], "CPU_MODEL")

    def test_a_timezone_is_a_name_in_any_case_or_an_offset(self) -> None:
        Segment(self.path).write(system_timestamp=generate.ANCHOR)
        self.assertEqual(self.call("get_time", timezone=" ")["host_timezone"], "Pacific/Auckland")
        for name, offset in (
            ("asia/KOLKATA", "+05:30"),
            (" utc ", "+00:00"),
            ("z", "+00:00"),
            ("+05:30", "+05:30"),
            ("-0330", "-03:30"),
            ("+5", "+05:00"),
            ("-18:00", "-18:00"),
        ):
            with self.subTest(name):
                result = self.call("get_time", timezone=name)
                self.assertEqual(result["utc_offset"], offset)
                self.assertTrue(result["local_time_iso"].endswith(offset))

    def test_the_local_time_is_the_hosts_unless_another_is_asked_for(self) -> None:
        Segment(self.path).write(system_timestamp=generate.ANCHOR)
        for name in ("get_time", "get_current_time"):
            result = self.call(name)
            self.assertTrue(result["local_time_iso"].startswith("2025-03-14T04:33:2"), result["local_time_iso"])
            self.assertEqual(
                [result[field] for field in ("utc_offset", "host_timezone", "local_date", "utc_date")],
                ["+13:00", "Pacific/Auckland", "Friday, 14 March 2025", "Thursday, 13 March 2025"],
            )
            result = self.call(name, timezone="Asia/Kolkata")
            self.assertTrue(result["local_time_iso"].startswith("2025-03-13T21:03:2"), result["local_time_iso"])
            self.assertTrue(result["local_time_iso"].endswith("+05:30"))
            self.assertEqual(result["local_date"], "Thursday, 13 March 2025")
            self.assertNotIn("host_timezone", result)
        self.assertEqual(self.call("get_time", timezone="UTC")["utc_offset"], "+00:00")

    def test_the_zone_of_the_host_is_what_its_environment_says(self) -> None:
        winter = 1_736_899_200 * 10**9  # 2025-01-15
        self.addCleanup(time.tzset)
        for value, name in (
            ("Asia/Tokyo", "Asia/Tokyo"),
            (":Asia/Tokyo", "Asia/Tokyo"),
            ("CET-1CEST,M3.5.0,M10.5.0/3", "+01:00"),
            ("", "UTC"),
        ):
            with self.subTest(value), mock.patch.dict("os.environ", TZ=value):
                time.tzset()
                self.assertEqual(agent._civil(winter, agent.host_zone(winter))["timezone"], name)
        with mock.patch.dict("os.environ"), mock.patch("os.path.realpath", return_value="/usr/share/zoneinfo/Asia/Kolkata"):
            os.environ.pop("TZ", None)
            self.assertEqual(str(agent.host_zone(winter)), "Asia/Kolkata")

    def test_convert_time(self) -> None:
        result = self.call("convert_time", time="2026-03-13T15:33", source_timezone="Europe/Berlin", target_timezone="america/new_york")
        self.assertEqual(
            result,
            {
                "utc": "2026-03-13T14:33:00.000000000Z",
                "unix_seconds": 1773412380.0,
                "source": {
                    "timezone": "Europe/Berlin",
                    "local_time_iso": "2026-03-13T15:33:00.000000000+01:00",
                    "utc_offset": "+01:00",
                    "weekday": "Friday",
                    "date_in_words": "Friday, 13 March 2026",
                },
                "target": {
                    "timezone": "America/New_York",
                    "local_time_iso": "2026-03-13T10:33:00.000000000-04:00",
                    "utc_offset": "-04:00",
                    "weekday": "Friday",
                    "date_in_words": "Friday, 13 March 2026",
                },
            },
        )

    def test_convert_time_takes_every_form_of_a_time(self) -> None:
        for value, source, target, local in (
            ("2026-03-13T15:33:20.5+05:30", None, None, "2026-03-13T10:03:20.500000000+00:00"),
            ("2026-03-13t15:33z", "Asia/Kathmandu", "UTC", "2026-03-13T15:33:00.000000000+00:00"),
            ("2026-03-13 15:33", "+01", "Z", "2026-03-13T14:33:00.000000000+00:00"),
            (" 2026-03-13T15:33 ", "utc", "Pacific/Kiritimati", "2026-03-14T05:33:00.000000000+14:00"),
            (0, None, "America/Los_Angeles", "1969-12-31T16:00:00.000000000-08:00"),
            (-1.5, None, "UTC", "1969-12-31T23:59:58.500000000+00:00"),
            ("1880-01-01T00:00", "UTC", "Europe/Berlin", "1880-01-01T00:53:28.000000000+00:53:28"),
        ):
            with self.subTest(value):
                arguments = {"time": value, "source_timezone": source, "target_timezone": target}
                self.assertEqual(self.call("convert_time", **arguments)["target"]["local_time_iso"], local)

    def test_clocks_that_skip_or_repeat_a_local_time(self) -> None:
        gap = self.call("convert_time", time="2026-03-29T02:30", source_timezone="Europe/Berlin")
        self.assertEqual((gap["clock_change"], gap["utc"]), ("gap", "2026-03-29T01:30:00.000000000Z"))
        self.assertEqual(gap["source"]["local_time_iso"], "2026-03-29T03:30:00.000000000+02:00")
        self.assertIn("does not exist in Europe/Berlin", gap["remark"])
        twice = self.call("convert_time", time="2026-10-25T02:30", source_timezone="Europe/Berlin")
        self.assertEqual((twice["clock_change"], twice["utc"]), ("overlap", "2026-10-25T00:30:00.000000000Z"))
        self.assertEqual(twice["other_utc"], "2026-10-25T01:30:00.000000000Z")
        self.assertIn("(offset +02:00) and at 2026-10-25T01:30:00.000000000Z (offset +01:00)", twice["remark"])
        for clear in ("2026-03-29T01:59:59.999999999", "2026-03-29T03:00", "2026-10-25T03:00", "2026-10-25T02:30+01:00"):
            self.assertNotIn("clock_change", self.call("convert_time", time=clear, source_timezone="Europe/Berlin"))
        samoa = self.call("convert_time", time="2011-12-30T12:00", source_timezone="Pacific/Apia")
        self.assertEqual(samoa["source"]["local_time_iso"], "2011-12-31T12:00:00.000000000+14:00")

    def test_convert_time_says_how_long_it_is(self) -> None:
        Segment(self.path).write()
        now = Reader(self.path).now().estimate_ns / 1e9
        later = self.call("convert_time", time=now + 93_600)
        self.assertAlmostEqual(later["seconds_from_now"], 93_600, delta=60)
        self.assertTrue(later["from_now_in_words"].startswith("in 1 d "), later["from_now_in_words"])
        earlier = self.call("convert_time", time=now - 90)
        self.assertAlmostEqual(earlier["seconds_from_now"], -90, delta=60)
        self.assertTrue(earlier["from_now_in_words"].endswith(" ago"), earlier["from_now_in_words"])
        for seconds, words in ((0.4, "now"), (-59.6, "1 min ago"), (90061, "in 1 d 1 h 1 min 1 s"), (-7200, "2 h ago")):
            self.assertEqual(fmt.from_now(seconds), words)

    def test_models_are_told_the_same_as_in_java(self) -> None:
        java = dict(re.findall(r"String (\w+) =\s(.*?);\n\n", TOOL_TEXT.read_text("utf-8"), re.DOTALL))
        java = {name: "".join(re.findall(r'"(.*?)"', text)) for name, text in java.items()}
        for tool in all_tools(self.tools):
            self.assertEqual(tool.description, java[f"{tool.name.upper()}_DESCRIPTION"])
            for name, schema in tool.input_schema["properties"].items():
                self.assertIn(schema["description"], java.values(), f"{tool.name}.{name}")

    def test_daemon_status_in_every_state(self) -> None:
        self.assertEqual(self.call("get_daemon_status")["status"], "not_running")
        segment = Segment(self.path)
        self.assertEqual(self.call("get_daemon_status")["status"], "warming_up")
        segment.put(168, "d", 0.001).put(320, "4s", b"0,1").write()
        result = self.call("get_daemon_status")
        self.assertEqual((result["status"], result["cpu_affinity"], result["sources"]), ("ready", "0,1", []))
        segment.write(flags=generate.READY | generate.HOLDOVER)
        self.assertEqual(self.call("get_daemon_status")["status"], "holdover")
        segment.write(flags=generate.WARMUP_COMPLETE)
        result = self.call("get_daemon_status")
        self.assertEqual(result["status"], "expired")
        self.assertIn("lost its servers", result["message"])

    def test_future_uncertainty_grows(self) -> None:
        Segment(self.path).write(offset_uncertainty=1e-6, drift_uncertainty=1e-8)
        result = self.call("get_time_with_future_uncertainty", future_seconds=3600)
        self.assertAlmostEqual(result["future_uncertainty"], 36e-6, delta=1e-6)
        self.assertAlmostEqual(result["uncertainty_increase"], 35e-6, delta=1e-6)
        self.assertEqual(result["future_seconds"], 3600)
        self.assertAlmostEqual(result["future_max_error"] - result["current_max_error"], 3600 * 2**-14, delta=1e-6)

    def test_the_future_with_and_without_a_daemon(self) -> None:
        Segment(self.path).put(176, "d", 700e-6).write(offset_uncertainty=1e-6, drift_uncertainty=1e-8)
        result = self.call("get_time_with_future_uncertainty", future_seconds=60)
        # 200 ppm of the oscillator, and 500 of slewing by others, which a living daemon follows.
        self.assertAlmostEqual(result["future_max_error"] - result["current_max_error"], 60 * 200e-6, delta=1e-8)
        self.assertAlmostEqual(result["future_max_error_without_daemon"] - result["current_max_error"], 60 * 700e-6, delta=1e-8)
        self.assertLess(result["future_uncertainty"], 2e-6)
        self.assertAlmostEqual(result["future_uncertainty_without_daemon"], 60 * 500e-6 / 3**0.5, delta=1e-8)

    def test_a_step_of_the_system_clock_does_not_move_the_future(self) -> None:
        Segment(self.path).write(offset_uncertainty=1e-6, drift_uncertainty=1e-8)
        for stepped in (0, 2_000_000_000 * 10**9):
            with mock.patch("time.time_ns", return_value=stepped):
                result = self.call("get_time_with_future_uncertainty", future_seconds=3600)
            self.assertAlmostEqual(result["future_uncertainty"], 36e-6, delta=1e-6)

    def test_wait_until(self) -> None:
        Segment(self.path).write()
        reader = Reader(self.path)
        target = reader.now().latest_ns + 20_000_000
        text = f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(target // 10**9))}.{target % 10**9:09d}Z"
        result = self.call("wait_until", corrected_time=text, max_wait_seconds=60)
        self.assertTrue(reader.after(target))
        self.assertGreater(result["early_or_late_by"], 0)
        with self.assertRaisesRegex(BadInput, "later than max_wait_seconds allows .50 s in all"):
            self.call("wait_until", corrected_time="2199-01-01T00:00:00Z")

    def test_wait_for_seconds(self) -> None:
        Segment(self.path).write()
        reader = Reader(self.path)
        target = reader.now().estimate_ns + 20_000_000
        self.assertGreater(self.call("wait_until", seconds=0.02)["early_or_late_by"], 0)
        self.assertTrue(reader.after(target))
        with self.assertRaisesRegex(BadInput, "what is 100 s from now will certainly .* .5 s in all"):
            self.call("wait_until", seconds=100, max_wait_seconds=5)

    def test_compare_timestamps(self) -> None:
        early = {"earliest": "2030-01-01T00:00:00Z", "latest": "2030-01-01T00:00:00.000000010Z"}
        late = {"time": "2030-01-01T01:00:00.5+01:00", "uncertainty": 0.25}
        self.assertEqual(self.call("compare_timestamps", first=early, second=late)["order"], "before")
        self.assertEqual(self.call("compare_timestamps", first=late, second=early)["order"], "after")
        result = self.call("compare_timestamps", first=late, second={**late, "uncertainty": 0.5})
        self.assertEqual(result["order"], "overlapping")
        self.assertAlmostEqual(result["gap_seconds"], -0.75, delta=1e-8)
        self.assertAlmostEqual(result["wait_seconds"], 0.75, delta=1e-8)
        self.assertEqual(result["second"], "2030-01-01T00:00:00.000000000Z/2030-01-01T00:00:01.000000000Z")

    def test_bad_input_is_explained(self) -> None:
        Segment(self.path).write()
        for name, arguments, message in (
            ("get_time", {"timezone": "Mars/Olympus"}, "IANA"),
            ("get_time", {"timezone": 5}, "IANA"),
            ("get_time", {"timezone": "+18:01"}, "offset such as"),
            ("get_time", {"timezone": "+05:75"}, "offset such as"),
            ("get_time", {"timezone": "+5:30"}, "offset such as"),
            ("get_time", {"timezone": "../../etc/passwd"}, "IANA"),
            ("get_time", {"zone": "UTC"}, "unknown field 'zone': known are timezone"),
            ("get_daemon_status", {"verbose": True}, "unknown field"),
            ("get_time_with_future_uncertainty", {}, "future_seconds is missing"),
            ("get_time_with_future_uncertainty", {"future_seconds": -1}, "from 0 to 3600"),
            ("get_time_with_future_uncertainty", {"future_seconds": float("nan")}, "from 0 to 3600"),
            ("get_time_with_future_uncertainty", {"future_seconds": "60"}, "from 0 to 3600"),
            ("get_time_with_future_uncertainty", {"future_seconds": True}, "from 0 to 3600"),
            ("get_current_time", {"timezone": "Mars/Olympus"}, "IANA"),
            ("convert_time", {}, "time is missing"),
            ("convert_time", {"time": True}, "ISO 8601"),
            ("convert_time", {"time": "", "source_timezone": "UTC"}, "or a local time and source_timezone"),
            ("convert_time", {"time": "14:30", "source_timezone": "UTC"}, "or a local time and source_timezone"),
            ("convert_time", {"time": "2026-02-30T12:00", "source_timezone": "UTC"}, "ISO 8601"),
            ("convert_time", {"time": "2026-03-13T15:33"}, "give source_timezone"),
            ("convert_time", {"time": "2026-03-13T15:33", "source_timezone": "Mars"}, "source_timezone 'Mars'"),
            ("convert_time", {"time": 0, "target_timezone": "+25:00"}, "target_timezone '.25:00'"),
            ("convert_time", {"time": "9999-01-01T00:00", "source_timezone": "UTC"}, "1677 to 2262"),
            ("convert_time", {"time": "0001-01-01T00:00", "source_timezone": "Europe/Berlin"}, "1677 to 2262"),
            ("convert_time", {"time": "2026-03-13T15:33:20+05:75"}, "ISO 8601"),
            ("convert_time", {"time": 0, "zone": "UTC"}, "known are time, source_timezone, target_timezone"),
            ("wait_until", {}, "either corrected_time"),
            ("wait_until", {"corrected_time": 0, "seconds": 1}, "not both"),
            ("wait_until", {"seconds": -1}, "from 0 to 3600"),
            ("wait_until", {"seconds": "5"}, "from 0 to 3600"),
            ("wait_until", {"seconds": True}, "from 0 to 3600"),
            ("wait_until", {"corrected_time": "soon", "max_wait_seconds": 1}, "ISO 8601"),
            ("wait_until", {"corrected_time": "2030-13-01T00:00:00Z", "max_wait_seconds": 1}, "ISO 8601"),
            ("wait_until", {"corrected_time": 1e300, "max_wait_seconds": 1}, "ISO 8601"),
            ("wait_until", {"corrected_time": "x" * 1_000_000, "max_wait_seconds": 1}, "ISO 8601"),
            ("compare_timestamps", {"first": 1, "second": 2}, "first is 1"),
            ("compare_timestamps", {"first": {"time": 0}, "second": {}}, "first needs earliest and latest"),
        ):
            with self.subTest(name=name, arguments=str(arguments)[:80]):
                with self.assertRaisesRegex(BadInput, message) as caught:
                    self.call(name, **arguments)
                self.assertLess(len(str(caught.exception)), 300)

    def test_works_as_soon_as_the_daemon_comes(self) -> None:
        with self.assertRaisesRegex(NoSegmentError, "start one with"):
            self.call("get_time_with_future_uncertainty", future_seconds=1)
        segment = Segment(self.path)
        with self.assertRaises(NotReadyError):
            self.call("get_time_with_future_uncertainty", future_seconds=1)
        segment.write()
        self.assertTrue(self.call("get_time")["is_valid"])

    def test_gives_the_system_clock_marked_as_such_where_there_is_no_time(self) -> None:
        before = time.time()
        result = self.call("get_time", timezone="Asia/Kolkata")
        self.assertTrue(before <= result["corrected_time"] <= time.time())
        self.assertEqual(result["utc_offset"], "+05:30")
        self.assertEqual((result["synchronized"], result["is_valid"], result["source"]), (False, False, "SYSTEM_CLOCK"))
        self.assertRegex(result["message"], "^NOT SYNCHRONIZED.*any amount: .*start one with")
        for name in ("earliest", "latest", "max_error", "time_uncertainty", "confidence"):
            self.assertNotIn(name, result)
        with self.assertRaisesRegex(BadInput, "needs earliest and latest"):
            self.call("compare_timestamps", first=result, second=result)
        for arguments in ({"seconds": 0.01}, {"corrected_time": 0}):
            result = self.call("wait_until", **arguments)
            self.assertFalse(result["synchronized"])
            self.assertNotIn("uncertainty", result)
            self.assertIn("NOT SYNCHRONIZED", result["message"])
            self.assertGreater(result["early_or_late_by"], 0)


class FactoriesTest(SegmentTest):
    def setUp(self) -> None:
        super().setUp()
        Segment(self.path).write(valid_until=time.time() + 1000)
        for patch in (
            mock.patch.dict("os.environ", CHRONOTICK_SHM=str(self.path)),
            mock.patch.object(chronotick_sdk_tools, "_reader", None),
            mock.patch.object(sys, "path", [FAKE_SDK, *sys.path]),
        ):
            patch.start()
            self.addCleanup(patch.stop)
        self.addCleanup(sys.modules.pop, "claude_agent_sdk", None)

    def test_each_offers_its_tools(self) -> None:
        for factory, names in (
            (create_chronotick_agent, ALL),
            (create_minimal_agent, ["get_time"]),
            (create_monitoring_agent, ["get_daemon_status"]),
        ):
            options = factory(model="m")
            self.assertEqual(list(options.mcp_servers["chronotick"]["instance"]), names)
            self.assertEqual(options.allowed_tools, [f"mcp__chronotick__{name}" for name in names])
            self.assertEqual(options.model, "m")

    def test_adds_to_what_an_agent_has(self) -> None:
        import claude_agent_sdk as sdk

        before = sdk.ClaudeAgentOptions(mcp_servers={"git": {}}, allowed_tools=["Read"], system_prompt="Be brief.")
        after = add_chronotick_tools(before, ["get_time"])
        self.assertEqual(list(after.mcp_servers), ["git", "chronotick"])
        self.assertEqual(after.allowed_tools, ["Read", "mcp__chronotick__get_time"])
        self.assertEqual(after.system_prompt, "Be brief.")
        self.assertEqual((list(before.mcp_servers), before.allowed_tools), (["git"], ["Read"]))
        with self.assertRaisesRegex(ValueError, "already"):
            add_chronotick_tools(after)
        with self.assertRaisesRegex(ValueError, "file"):
            add_chronotick_tools(sdk.ClaudeAgentOptions(mcp_servers="servers.json"))

    def test_the_reading_reaches_the_model(self) -> None:
        response = asyncio.run(ClaudeAgent(create_chronotick_agent()).run("What is the current corrected time?"))
        self.assertIn("You asked: What is the current corrected time?", response.text)
        self.assertIn('get_time: {"synchronized": true, "corrected_time": ', response.text)
        self.assertIn('get_daemon_status: {"status": "ready"', response.text)
        with self.assertRaisesRegex(RuntimeError, "error_during_execution"):
            asyncio.run(ClaudeAgent(create_minimal_agent()).run("fail"))

    def test_an_error_reaches_the_model_as_text(self) -> None:
        tool = chronotick_sdk_tools.sdk_tools(["get_time_with_future_uncertainty"])[0]
        result = asyncio.run(tool.handler({"future_seconds": 5000}))
        self.assertTrue(result["is_error"])
        self.assertIn("from 0 to 3600", result["content"][0]["text"])
        self.assertTrue(tool.annotations.readOnlyHint)

    def test_says_how_to_get_the_sdk(self) -> None:
        with mock.patch.dict(sys.modules, {"claude_agent_sdk": None}):
            with self.assertRaisesRegex(ImportError, "pip install claude-agent-sdk"):
                create_chronotick_agent()

    def test_direct_access_refuses_what_is_not_good(self) -> None:
        self.assertEqual(chronotick_sdk_tools.read_chronotick_data().source.name, "CPU_MODEL")
        self.assertIs(chronotick_sdk_tools.get_shared_memory(), chronotick_sdk_tools.get_shared_memory())
        Segment(self.path).write(flags=generate.WARMUP_COMPLETE)
        with mock.patch.object(chronotick_sdk_tools, "_reader", None), self.assertRaisesRegex(ExpiredError, "lost its servers"):
            chronotick_sdk_tools.read_chronotick_data()


if __name__ == "__main__":
    unittest.main()
