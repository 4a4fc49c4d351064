#!/usr/bin/env bash
# docs-pictures.sh: takes the pictures of docs/pictures anew: the console before the tenants have answered (entented
# beside a simulator), the console after a demonstration, and the terminal's coverage matrix as text and as a picture.
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
mkdir -p "$out" "$work/tokens"
export OUT=$out

# 1: requests that wait.
for name in platform admin-a admin-b admin-c; do (umask 077 && head -c 24 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >"$work/tokens/$name"); done
"$work/entrasim" run deploy/examples/world-three-tenants.yaml --listen 127.0.0.1:0 --admin 127.0.0.1:0 --data-dir "$work/sim" --cycle 2s >"$work/sim.log" &
started+=($!)
sim=$(await "$work/sim.log" 'sign-in +https://([0-9.:]+)')
sed "s|127.0.0.1:8443|$sim|; s|\.data/sim|$work/sim|" deploy/examples/entented-simulator.yaml >"$work/entented.yaml"
SECRET_A=entente-a-not-a-real-secret SECRET_B=entente-b-not-a-real-secret SECRET_C=entente-c-not-a-real-secret \
	TOKEN_PLATFORM=$(<"$work/tokens/platform") TOKEN_A=$(<"$work/tokens/admin-a") TOKEN_B=$(<"$work/tokens/admin-b") TOKEN_C=$(<"$work/tokens/admin-c") \
	"$work/entented" --config "$work/entented.yaml" --data-dir "$work/data" --listen 127.0.0.1:0 2>"$work/entented.log" &
started+=($!)
ENTENTE_SERVER=$(await "$work/entented.log" '"msg":"ready","api":"([^"]+)"')
export ENTENTE_SERVER
code=0
"$work/entente" --token-file "$work/tokens/platform" apply -f deploy/examples/three-tenants.yaml --yes --wait --timeout 2m >"$work/apply.log" || code=$?
[ "$code" = 4 ] || { cat "$work/apply.log" >&2; exit 1; } # 4: the targets have not answered
TOKENS=$work/tokens node $browser/screenshots.mjs waiting

# 2: everything done.
"$work/entented" --demo --demo-stay --data-dir "$work/demo" --listen 127.0.0.1:0 >"$work/demo.log" &
started+=($!)
await "$work/demo.log" '(demo: ok)' >/dev/null
ENTENTE_SERVER=$(await "$work/demo.log" 'Console +(http[^ ]+)')
export ENTENTE_SERVER
TOKENS=$work/demo/tokens node $browser/screenshots.mjs done

# 3: the terminal. script(1) gives entente a terminal, so that it paints.
show="$work/entente --token-file $work/demo/tokens/platform coverage"
$show >"$work/coverage.txt"
{ echo '$ entente coverage' && cat "$work/coverage.txt"; } >$out/coverage.txt
{ echo '$ entente coverage' && TERM=xterm script -qec "$show" /dev/null; } >"$work/coverage.ansi"
node $browser/screenshots.mjs terminal "$work/coverage.ansi" $out/coverage.png
echo "pictures: ok"
