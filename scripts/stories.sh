#!/usr/bin/env bash
# stories.sh TESTSUM "NAME NAME…": runs the stories of internal/e2e, all of them without names. The programs under
# test are the ones in bin/, named to the tests by ENTENTE_BIN.
set -euo pipefail
sum=$1
read -r -a names <<<"${2:-}"
if ! compgen -G 'internal/e2e/*_test.go' >/dev/null; then
	echo "there are no stories yet (internal/e2e has no tests)"
	exit 0
fi
run='^TestStories$'
if [ ${#names[@]} -gt 0 ]; then
	for name in "${names[@]}"; do
		if [ ! -e "internal/e2e/stories/$name.txtar" ] && [ ! -e "internal/e2e/stories/$name.txt" ]; then
			echo "there is no story $name; there are: $(cd internal/e2e/stories && ls | sed 's/\.[a-z]*$//' | tr '\n' ' ')" >&2
			exit 1
		fi
	done
	run="^TestStories\$/^($(IFS='|' && echo "${names[*]}"))\$"
fi
STORY="${names[*]-}" ENTENTE_STORIES=all ENTENTE_BIN="$PWD/bin" go test -json -count=1 -vet=off -timeout 45m -run "$run" ./internal/e2e | "$sum" -stories
