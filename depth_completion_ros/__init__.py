# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The ROS 2 face: a node that completes depth live."""

from pkgutil import extend_path

# The messages of this package are generated into a folder of the same name: in a sourced workspace
# both are one package, wherever this half of it is imported from.
__path__ = extend_path(__path__, __name__)
