package migrations_test

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"entente.dev/entente/internal/store/migrations"
)

// The two schemas are one: only names of types differ.
func TestSameSchema(t *testing.T) {
	read := func(f migrations.Folder) map[string]string {
		dir, err := f.Files()
		if err != nil {
			t.Fatal(err)
		}
		texts := map[string]string{}
		names, err := fs.Glob(dir, "*.sql")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			text, err := fs.ReadFile(dir, name)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(text), "+goose Down") {
				t.Errorf("%s goes backwards", name)
			}
			texts[name] = strings.NewReplacer("BYTEA", "BLOB", ` COLLATE "C"`, "").Replace(string(text))
		}
		return texts
	}
	if diff := cmp.Diff(read(migrations.SQLite), read(migrations.Postgres)); diff != "" {
		t.Errorf("-sqlite +postgres\n%s", diff)
	}
}
