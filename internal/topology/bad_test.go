package topology

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files")

// TestEveryMistakeIsExplained holds the exact words of every problem: place, message, rule, remedy.
func TestEveryMistakeIsExplained(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no bad files", err)
	}
	found := map[string]bool{}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			topology, problems := Parse(filepath.Base(file), data)
			if topology != nil || problems.Err() == nil {
				t.Fatal("parsed without a problem")
			}
			for _, p := range problems {
				found[p.Rule] = true
				if p.Line < 1 || p.Column < 1 || p.Message == "" || p.Remedy == "" {
					t.Errorf("incomplete problem: %+v", p)
				}
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".golden", problems.Error()+"\n")
			if rule := problems[0].Rule; !strings.HasPrefix(filepath.Base(file), strings.SplitN(rule, "-", 2)[0]) && !strings.HasPrefix(filepath.Base(file), "many") {
				t.Errorf("the first problem is %s", rule)
			}
		})
	}
	for _, rule := range Rules() {
		if !found[rule] {
			t.Errorf("no bad file breaks the rule %s", rule)
		}
	}
	for rule := range found {
		if !slices.Contains(Rules(), rule) {
			t.Errorf("rule %s is not listed", rule)
		}
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}
