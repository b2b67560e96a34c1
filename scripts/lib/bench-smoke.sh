# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# bench_smoke WHERE: does the bench run there (kvm or um)? Prints how many items have figures
# of both drivers. Sourced by the checks of the bench.
bench_smoke()
{
	scripts/bench --smoke --on "$1" --out "$CULVERT_SCRATCH" >&2 || return
	python3 - "$CULVERT_SCRATCH/bench.json" <<-'PYTHON'
	import json, sys
	bench = json.load(open(sys.argv[1]))
	for side, keys in bench["about"]["crypto"].items():
	    for name in {"culvert": ("aead", "x25519", "blake2s_batch")}.get(
	        side, ("chacha", "poly1305", "curve25519", "blake2s")):
	        assert name in keys, "no implementation of %s is named for %s" % (name, side)
	assert not bench["about"]["unfinished"]
	paired = [r["item"] for r in bench["rows"] if r["culvert"] and r["wireguard"]]
	for item in ("tcp-1", "v6-tcp-1", "forward-tcp-1", "v6-forward-tcp-1", "handshakes", "again-handshakes",
	             "flood-handshakes", "v6-flood-handshakes", "oneway-p999", "roundtrip-load-p99",
	             "active-10", "v6-active-10", "peers-setconf-500", "lookup-random-1000",
	             "v6-lookup-internet-1000"):
	    assert item in paired, "%s has no figure of both drivers" % item
	print(len(paired))
	PYTHON
}
