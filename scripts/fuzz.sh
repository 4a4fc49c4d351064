#!/usr/bin/env bash
# fuzz.sh TIME: runs every fuzz target for TIME, one after the other; go test fuzzes one target at a time.
set -euo pipefail
time=$1
count=0
for pkg in $(go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}' ./...); do
	dir=$(go list -f '{{.Dir}}' "$pkg")
	for target in $(grep -ho '^func Fuzz[A-Za-z0-9_]*' "$dir"/*_test.go 2>/dev/null | sed 's/^func //'); do
		echo "fuzz $pkg $target"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 5x "$pkg"
		count=$((count + 1))
	done
done
echo "$count fuzz targets ran for $time each"
