package e2e

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// core is what runs without being asked for: the shortest way through each part.
var core = []string{"three-tenants", "existing-guest", "bad-topology"}

var passed, failed atomic.Int32

func TestMain(m *testing.M) {
	flag.Parse()
	const atOnce = "2" // each story is a Temporal server, a simulator and a daemon
	if err := flag.Set("test.parallel", atOnce); err != nil {
		panic(err)
	}
	code := m.Run()
	if n := passed.Load() + failed.Load(); n > 0 {
		fmt.Printf("%d passed, %d failed\n", passed.Load(), failed.Load())
	}
	os.Exit(code)
}

func TestStories(t *testing.T) {
	files, err := filepath.Glob("stories/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	bin := programs(t)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		if !chosen(name) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tell(t, name)
			testscript.RunT(inline{t}, testscript.Params{Files: []string{file}, Setup: setup(t, bin), Cmds: commands(), Deadline: time.Now().Add(patience)})
		})
	}
}

// patience bounds one story; the longest kills the daemon two dozen times.
const patience = 15 * time.Minute

func chosen(name string) bool {
	if only := strings.Fields(os.Getenv("STORY")); len(only) > 0 {
		return slices.Contains(only, name)
	}
	return os.Getenv("ENTENTE_STORIES") == "all" || slices.Contains(core, name)
}

// tell prints the story's line when it is over.
func tell(t *testing.T, name string) {
	began := time.Now()
	t.Cleanup(func() {
		word, count := "ok", &passed
		if t.Failed() {
			word, count = "FAIL", &failed
		}
		count.Add(1)
		fmt.Printf("story %s: %s (%.1fs)\n", name, word, time.Since(began).Seconds())
	})
}

// inline runs a script in its story's own test instead of in a test below it.
type inline struct{ *testing.T }

func (t inline) Parallel()                               {}
func (t inline) Run(_ string, script func(testscript.T)) { script(t) }
func (t inline) Verbose() bool                           { return testing.Verbose() }
