#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: what an idle peer, a handshaking one and one with a session cost
# class: full
# limit: 1800

exec scripts/peer-memory
