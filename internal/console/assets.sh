#!/bin/sh
# assets.sh: fetches the third-party script of the console into assets/dist, once per version. Without Node or without
# a network it says so and leaves things as they are: every page works without script.
set -u
out=assets/dist
script=$out/htmx.min.js
want=$(sed -n 's/.*"htmx.org": "\([0-9.]*\)".*/\1/p' package.json | head -n 1)
[ -f "$script" ] && [ "$(cat $out/version 2>/dev/null)" = "$want" ] && exit 0
if ! command -v npm >/dev/null; then
	echo "console: no Node here, so pages come without htmx; they work all the same" >&2
	exit 0
fi
if ! npm ci --silent --no-audit --no-fund --ignore-scripts; then
	echo "console: htmx could not be fetched, so pages come without it; they work all the same" >&2
	exit 0
fi
mkdir -p $out
cp node_modules/htmx.org/dist/htmx.min.js "$script" && echo "$want" >$out/version
rm -rf node_modules
