package topology

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestReferenceIsCurrent holds the page and the schema for editors to the table that Parse reads.
func TestReferenceIsCurrent(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"../../docs/reference/topology.md":          Reference(),
		"../../docs/reference/topology.schema.json": string(SchemaJSON()),
	} {
		if *update {
			if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		have, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(have), want); diff != "" {
			t.Errorf("%s is out of date; run make gen\n%s", path, diff)
		}
	}
}

// TestReferenceHasEveryKey looks for each key of the language, wherever it hangs.
func TestReferenceHasEveryKey(t *testing.T) {
	t.Parallel()
	page := Reference()
	for _, table := range tables(documentTable, nil) {
		for _, f := range table.fields {
			if !strings.Contains(page, "| `"+f.name+"` |") {
				t.Errorf("the reference lacks %s of %s", f.name, table.what)
			}
		}
	}
}
