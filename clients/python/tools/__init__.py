# SPDX-License-Identifier: Apache-2.0
"""The module names of ChronoTick's quick reference, on the chronotick package."""
