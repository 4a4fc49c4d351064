#!/usr/bin/env bash
# without-server.sh: packages whose tests do not link the Temporal server. The race detector makes that server's
# compile and run several times longer for code that is not ours.
set -euo pipefail
with=$(go list -test -f '{{$p := .ImportPath}}{{range .Deps}}{{if eq . "go.temporal.io/server/temporal"}}{{$p}}{{"\n"}}{{end}}{{end}}' ./... | sed 's/\.test$//; s/ \[.*//; s/_test$//' | sort -u)
go list ./... | grep -vxF "$with"
