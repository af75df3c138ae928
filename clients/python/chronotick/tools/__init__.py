# SPDX-License-Identifier: Apache-2.0
"""Direct access and agents, with the module names of ChronoTick's quick reference."""
