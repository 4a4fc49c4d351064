// Package inbox looks at what a tenant's admin sees and does, in Chromium: in three languages, light and dark, on a
// desk and on a phone, by keyboard alone and without script. The tests are inbox.test.mjs; this is the world that they
// look at: the real API and console over a real store, with what workflows would have written put there.
package inbox

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"entente.dev/entente/internal/api"
	"entente.dev/entente/internal/api/apitest"
	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/console"
)

// start serves a world in which b asks c for more people than c accepted, one of two admins has agreed, somebody is
// held, and a reduction is over.
func start(t *testing.T) *apitest.World {
	t.Helper()
	var handler http.Handler
	pages, err := console.New(console.Deps{API: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) })})
	if err != nil {
		t.Fatal(err)
	}
	w := apitest.New(t, func(d *api.Deps) { d.Console = pages })
	handler = w.Handler
	pat := w.Client(t, "pat")
	if _, err := pat.Apply(t.Context(), wire.Apply{File: "t.yaml", Text: apitest.Topology}); err != nil {
		t.Fatal(err)
	}
	admin := w.Client(t, "c-admin")
	if _, err := admin.Reject(t.Context(), apitest.Org, "req-a-c-1", "ask again when the merger is signed"); err != nil {
		t.Fatal(err)
	}
	fill(t, w)
	if _, err := admin.Hold(t.Context(), apitest.Org, wire.NewHold{Person: "bob@b.example", Tenant: "c", Kind: "blocked", Reason: "lost laptop"}); err != nil {
		t.Fatal(err)
	}
	w.Control.Leave(t.Context())
	return w
}

// TestInboxInABrowser runs the tests. PICTURES names a folder that then gets the screenshots.
func TestInboxInABrowser(t *testing.T) {
	installed(t)
	w := start(t)
	tokens := t.TempDir()
	for _, who := range []string{"pat", "a-admin", "b-admin", "c-admin", "vera"} {
		if err := os.WriteFile(filepath.Join(tokens, who), []byte(apitest.Token(who)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	args := []string{"--test", "--test-reporter=spec"}
	if only := os.Getenv("ONLY"); only != "" {
		args = append(args, "--test-name-pattern="+only)
	}
	run := exec.CommandContext(ctx, "node", append(args, "inbox.test.mjs")...)
	run.Env = append(os.Environ(), "ENTENTE_SERVER="+w.Server.URL, "TOKENS="+tokens)
	report, err := run.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, report)
	}
	if os.Getenv("ONLY") == "" && !strings.Contains(string(report), "skipped 0") {
		t.Errorf("a test that is skipped did not run:\n%s", report)
	}
	if d := w.Control.Decisions; os.Getenv("ONLY") == "" && !decidedAsTyped(d) {
		t.Errorf("what was decided is not what was typed: %+v", d)
	}
	t.Logf("%s", report)
}

// installed fetches what the tests import, once. A missing tool fails: a test that is skipped did not run.
func installed(t *testing.T) {
	t.Helper()
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("the browser tests need %s; scripts/ensure-tools.sh installs it or names the package", tool)
		}
	}
	if _, err := os.Stat("../node_modules/playwright-core"); err == nil {
		return
	}
	npm := exec.CommandContext(t.Context(), "npm", "ci", "--no-audit", "--no-fund")
	npm.Dir = ".."
	if report, err := npm.CombinedOutput(); err != nil {
		t.Fatalf("npm ci: %v\n%s", err, report)
	}
}
