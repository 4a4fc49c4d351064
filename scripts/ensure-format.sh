#!/usr/bin/env bash
# ensure-format.sh GOFUMPT FILE...: fails with the list of files that gofumpt would change.
set -euo pipefail
gofumpt=$1
shift
unformatted=$("$gofumpt" -l "$@")
if [ -n "$unformatted" ]; then
	printf 'not formatted; run: %s -w FILE\n%s\n' "$gofumpt" "$unformatted" >&2
	exit 1
fi
