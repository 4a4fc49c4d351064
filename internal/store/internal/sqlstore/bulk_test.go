package sqlstore

import (
	"strings"
	"testing"

	"entente.dev/entente/internal/store/internal/queries"
)

func TestRebind(t *testing.T) {
	for from, want := range map[string]string{
		"":                                    "",
		"a = ?1 AND b = ?12 OR a = ?1":        "a = $1 AND b = $12 OR a = $1",
		"VALUES (?,?),(?,?)":                  "VALUES ($1,$2),($3,$4)",
		"x = ?":                               "x = $1",
		`x = 'why?' AND y LIKE ?2 ESCAPE '\'`: `x = 'why?' AND y LIKE $2 ESCAPE '\'`,
	} {
		if got := rebind(from); got != want {
			t.Errorf("rebind(%q) = %q, want %q", from, got, want)
		}
	}
}

func TestRepeatTuple(t *testing.T) {
	got, err := repeatTuple("INSERT INTO t (a, b)\nVALUES (?1, ?2)\nON CONFLICT DO NOTHING", 3)
	if want := "INSERT INTO t (a, b)\nVALUES (?,?),(?,?),(?,?)\nON CONFLICT DO NOTHING"; err != nil || got != want {
		t.Errorf("got %q, %v", got, err)
	}
	for _, bad := range []string{"", "SELECT 1", "INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (?1) ON CONFLICT DO UPDATE SET a = ?2", "VALUES (?1"} {
		if got, err := repeatTuple(bad, 2); err == nil {
			t.Errorf("%q became %q", bad, got)
		}
	}
	// The values of a row are given by position, so a query that reorders its placeholders would mix columns up.
	for _, query := range []string{queries.PutLink, queries.PutInclusion, queries.PutConversion, queries.InsertCoverageRow, queries.InsertPeopleRow} {
		_, rest, _ := strings.Cut(query, "VALUES (")
		tuple, _, _ := strings.Cut(rest, ")")
		if want := []string{"?1", "?2", "?3", "?4", "?5"}; !strings.HasPrefix(strings.Join(strings.Fields(tuple), " "), strings.Join(want, ", ")) {
			t.Errorf("placeholders out of order: %s", tuple)
		}
	}
}
