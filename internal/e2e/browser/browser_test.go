// Package browser looks at the console in Chromium. The tests are console.test.mjs; this starts the demonstration that
// they look at, which is thereby a test of its own.
package browser

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"entente.dev/entente/internal/demo"
)

const lastLine = "demo: ok coverage=12/12 members=8 guests=0 reduced=2 restored=2"

func TestConsoleAfterTheDemonstration(t *testing.T) {
	installed(t)
	dir := filepath.Join(t.TempDir(), "demo")
	ctx, cancel := context.WithCancel(t.Context())
	out := &screen{done: make(chan struct{})}
	ended := make(chan error, 1)
	go func() {
		ended <- demo.Run(ctx, demo.Options{DataDir: dir, Listen: "127.0.0.1:0", Users: 20, Cycle: time.Second, Stay: true, Out: out, Version: "test"})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the demonstration: %v\n%s", err, out.text())
		}
	})
	select {
	case <-out.done:
	case err := <-ended:
		ended <- nil
		t.Fatalf("the demonstration ended early: %v\n%s", err, out.text())
	case <-time.After(5 * time.Minute):
		t.Fatalf("the demonstration takes too long:\n%s", out.text())
	}
	if !strings.Contains(out.text(), "\n"+lastLine+"\n") {
		t.Errorf("the demonstration did not print %q:\n%s", lastLine, out.text())
	}
	run := exec.CommandContext(ctx, "node", "--test", "--test-reporter=spec", "console.test.mjs")
	run.Env = append(os.Environ(), "ENTENTE_SERVER="+out.server(), "TOKENS="+filepath.Join(dir, "tokens"))
	report, err := run.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, report)
	}
	if !strings.Contains(string(report), "pass 9") {
		t.Errorf("nine tests should have passed:\n%s", report)
	}
}

// installed fetches what the tests import, once. A missing tool fails: a test that is skipped did not run.
func installed(t *testing.T) {
	t.Helper()
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("the browser tests need %s; scripts/ensure-tools.sh installs it or names the package", tool)
		}
	}
	if _, err := os.Stat("node_modules/playwright-core"); err == nil {
		return
	}
	if report, err := exec.CommandContext(t.Context(), "npm", "ci", "--no-audit", "--no-fund").CombinedOutput(); err != nil {
		t.Fatalf("npm ci: %v\n%s", err, report)
	}
}

// screen keeps what the demonstration prints and notices its last line.
type screen struct {
	mu   sync.Mutex
	all  strings.Builder
	done chan struct{}
	said bool
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.all.Write(p)
	if !s.said && strings.Contains(string(p), "demo: ok") {
		s.said = true
		close(s.done)
	}
	return n, err
}

func (s *screen) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all.String()
}

var console = regexp.MustCompile(`^Console\s+(http\S+)$`)

func (s *screen) server() string {
	lines := bufio.NewScanner(strings.NewReader(s.text()))
	for lines.Scan() {
		if found := console.FindStringSubmatch(lines.Text()); found != nil {
			return found[1]
		}
	}
	return ""
}
