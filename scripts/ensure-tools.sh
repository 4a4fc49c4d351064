#!/usr/bin/env bash
# ensure-tools.sh: what the tests need beside Go. Installs it on Debian as root; otherwise names the packages and
# fails, because a test that is skipped for a missing tool is a test that did not run.
set -euo pipefail

missing=()
if ! command -v initdb >/dev/null && ! compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; then
	missing+=(postgresql)
fi
if [ -f internal/e2e/browser/package.json ]; then
	command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || missing+=(chromium)
	command -v node >/dev/null || missing+=(nodejs)
	command -v npm >/dev/null || missing+=(npm)
fi
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	echo "installing ${missing[*]}"
	export DEBIAN_FRONTEND=noninteractive
	{ apt-get update -q && apt-get install -y -q --no-install-recommends "${missing[@]}"; } >/dev/null && exit 0
fi
echo "the tests need: ${missing[*]} (names of Debian packages). Install them, for example: sudo apt-get install ${missing[*]}" >&2
exit 1
