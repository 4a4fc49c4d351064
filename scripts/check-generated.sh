#!/usr/bin/env bash
# check-generated.sh: generates everything anew and fails when a file changed. It compares contents, not commits, so
# it works with work in progress.
set -euo pipefail
sums() { git ls-files -co --exclude-standard -z | sort -z | xargs -0 sha256sum 2>/dev/null || true; }
before=$(sums)
make gen >/dev/null
after=$(sums)
if [ "$before" != "$after" ]; then
	echo "generated files were out of date and are new now; commit them:" >&2
	diff <(echo "$before") <(echo "$after") | awk '/^>/ {print "  " $3}' >&2
	exit 1
fi
