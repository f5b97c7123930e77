# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os

from hypothesis import settings

# Read when scipy loads its OpenBLAS. Delaunay.transform calls LAPACK for every triangle; where the
# cores are busy, threads that wait for each other there turn milliseconds into a minute.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# No deadline: the machines that run this are shared. No database: it would lie in the checkout.
settings.register_profile("shared_machine", deadline=None, max_examples=60, database=None)
settings.load_profile("shared_machine")
