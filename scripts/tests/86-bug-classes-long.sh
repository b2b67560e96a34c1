#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: the long forms of the bug classes: every ethertype, more of everything
# class: full
# limit: 5400

CULVERT_LONG=1 exec bash scripts/tests/48-bug-classes.sh
