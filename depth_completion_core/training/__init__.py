# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The one trainer, and the recipes. It knows everything else of the core; nothing imports it."""
