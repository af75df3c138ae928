# SPDX-License-Identifier: Apache-2.0
"""chronotick.tools.create_chronotick_agent by the name that the quick reference gives it."""

from chronotick.tools.create_chronotick_agent import *  # noqa: F401,F403
