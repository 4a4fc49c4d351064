package graph

import (
	"flag"
	"maps"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite generated pages")

func TestReferenceIsCurrent(t *testing.T) {
	t.Parallel()
	const path = "../../docs/reference/graph-calls.md"
	if *update {
		if err := os.WriteFile(path, []byte(Reference()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(have), Reference()); diff != "" {
		t.Errorf("%s is out of date; run make gen\n%s", path, diff)
	}
}

// TestPermissionsPageIsComplete holds the first column of the page's table to the permissions that calls need: a
// call with a new permission, or a permission that nothing needs any more, is seen here.
func TestPermissionsPageIsComplete(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/permissions.md")
	if err != nil {
		t.Fatal(err)
	}
	told, needed := map[string]bool{}, map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([A-Za-z.]+)` \\|").FindAllStringSubmatch(string(page), -1) {
		told[row[1]] = true
	}
	for _, o := range Operations() {
		needed[o.Permission] = true
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(needed)), slices.Sorted(maps.Keys(told))); diff != "" {
		t.Errorf("docs/permissions.md tells of other permissions than the calls need (- needed, + told):\n%s", diff)
	}
}
