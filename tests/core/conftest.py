# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from hypothesis import settings

# No deadline: the machines that run this are shared. No database: it would lie in the checkout.
settings.register_profile("shared_machine", deadline=None, max_examples=60, database=None)
settings.load_profile("shared_machine")
