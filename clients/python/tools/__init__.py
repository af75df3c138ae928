# SPDX-License-Identifier: Apache-2.0
"""The module names of ChronoTick's quick reference, in a checkout. What is installed is chronotick.tools: a package named tools would
belong to nobody, and be overwritten by the next that has one."""
