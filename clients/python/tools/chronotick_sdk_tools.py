# SPDX-License-Identifier: Apache-2.0
"""chronotick.tools.chronotick_sdk_tools by the name that the quick reference gives it."""

from chronotick.tools.chronotick_sdk_tools import *  # noqa: F401,F403
