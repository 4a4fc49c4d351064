#!/usr/bin/env bash
# docs-pictures.sh: takes the pictures of docs/pictures anew: the console after a demonstration, the terminal's
# coverage matrix as text and as a picture, and an admin's pages in three languages.
# Needs Node and Chromium. A last line "pictures: ok" says that all of them are new.
set -euo pipefail
cd "$(dirname "$0")/.."
out=docs/pictures
browser=internal/e2e/browser
work=$(mktemp -d)
started=()
finish() {
	for pid in "${started[@]}"; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true; done
	rm -rf "$work"
}
trap finish EXIT

# await FILE PATTERN: until a line of the file matches; prints what the pattern's first group holds.
await() {
	for _ in $(seq 600); do
		if found=$(sed -nE "s|^.*$2.*\$|\\1|p" "$1" | head -n 1) && [ -n "$found" ]; then
			echo "$found"
			return
		fi
		sleep 0.2
	done
	echo "waited two minutes for: $2" >&2
	tail -n 20 "$1" >&2
	return 1
}

scripts/ensure-tools.sh
[ -d $browser/node_modules ] || npm --prefix $browser ci --silent
go build -o "$work/" ./cmd/...
mkdir -p "$out"
export OUT=$out

# 1: everything done.
"$work/entented" --demo --demo-stay --data-dir "$work/demo" --listen 127.0.0.1:0 >"$work/demo.log" &
started+=($!)
await "$work/demo.log" '(demo: ok)' >/dev/null
ENTENTE_SERVER=$(await "$work/demo.log" 'Console +(http[^ ]+)')
export ENTENTE_SERVER
TOKENS=$work/demo/tokens node $browser/screenshots.mjs done

# 2: the terminal. script(1) gives entente a terminal, so that it paints.
show="$work/entente --token-file $work/demo/tokens/platform coverage"
$show >"$work/coverage.txt"
{ echo '$ entente coverage' && cat "$work/coverage.txt"; } >$out/coverage.txt
{ echo '$ entente coverage' && TERM=xterm script -qec "$show" /dev/null; } >"$work/coverage.ansi"
node $browser/screenshots.mjs terminal "$work/coverage.ansi" $out/coverage.png

# 3: what a tenant's admin sees, in three languages on a desk and on a phone; the first screen of some is kept.
if ! fc-list :lang=zh | grep -q .; then
	echo "no font here has Chinese; install one, for example the Debian package fonts-wqy-microhei" >&2
	exit 1
fi
go generate ./internal/console
ONLY=pictures PICTURES=$work/pictures go test -count=1 -run TestInboxInABrowser ./internal/e2e/browser/inbox
cp "$work/pictures/console-inbox-en-desktop-1.png" $out/console-inbox.png
cp "$work/pictures/console-small-en-desktop-1.png" $out/console-request.png
for name in inbox-zh-phone request-en-desktop request-sv-phone request-zh-desktop; do
	cp "$work/pictures/console-$name-1.png" $out/console-$name.png
done
echo "pictures: ok"
