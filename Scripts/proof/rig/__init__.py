# SPDX-License-Identifier: Apache-2.0
"""What the rigs of Scripts/proof share. Python 3.9, nothing but its own library."""
