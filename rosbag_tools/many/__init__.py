# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Many jobs over processes or a cluster: what a job does is not known here."""
