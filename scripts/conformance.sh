#!/usr/bin/env bash
# conformance.sh CONFORMSUM: the simulator against truths that are not ours: the numbered items of its behaviour,
# Microsoft's schema, the SDK's models, and Microsoft's JavaScript client. Needs Node, npm and openssl for the last.
set -uo pipefail
sum=$1
status=0
go test -json -vet=off -count=1 -timeout 20m ./internal/entrasim/... | "$sum" || status=1
project=internal/entrasim/conformance/graphjs
go build -o bin/entrasim ./cmd/entrasim || exit 1
if ! log=$(npm ci --prefix "$project" --no-audit --no-fund 2>&1); then
	echo "$log" >&2
	echo "graph-js: the client's packages could not be installed" >&2
	exit 1
fi
ENTRASIM=bin/entrasim node "$project/run.mjs" || status=1
exit $status
