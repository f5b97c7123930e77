# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How settings work: fields with limits, mappings, descriptions; the settings are in config."""
