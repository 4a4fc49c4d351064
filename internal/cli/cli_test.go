package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"entente.dev/entente/internal/api/apitest"
	"entente.dev/entente/internal/cli"
	"entente.dev/entente/internal/problem"
)

var update = flag.Bool("update", false, "rewrite golden files")

// bench is a person at a command line.
type bench struct {
	t     *testing.T
	world *apitest.World
	dir   string
	who   string
	log   bytes.Buffer
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, world: apitest.New(t), dir: t.TempDir(), who: "pat"}
	for _, name := range []string{"ENTENTE_SERVER", "ENTENTE_TOKEN", "ENTENTE_TOKEN_FILE", "ENTENTE_ORG"} {
		t.Setenv(name, "")
	}
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(b.dir, "config"))
	t.Setenv("HOME", b.dir)
	b.write("three.yaml", apitest.Topology)
	return b
}

func (b *bench) write(name, text string) {
	b.t.Helper()
	if err := os.WriteFile(filepath.Join(b.dir, name), []byte(text), 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// run runs a command line, words separated by spaces, an underscore for a space within a word.
func (b *bench) run(line string) (code int, stdout, stderr string) {
	b.t.Helper()
	args := strings.Fields(line)
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "_", " ")
		if strings.HasSuffix(args[i], ".yaml") {
			args[i] = filepath.Join(b.dir, args[i])
		}
	}
	if b.who != "" {
		args = append(args, "--server", b.world.Server.URL, "--token", apitest.Token(b.who))
	}
	ctx, cancel := context.WithTimeout(b.t.Context(), 60*time.Second)
	defer cancel()
	var out, err bytes.Buffer
	code = cli.Run(ctx, args, strings.NewReader(""), &out, &err)
	fmt.Fprintf(&b.log, "%s$ entente %s\n%s", b.who, line, out.String())
	if err.Len() > 0 {
		fmt.Fprintf(&b.log, "stderr:\n%s", err.String())
	}
	fmt.Fprintf(&b.log, "exit %d\n\n", code)
	return code, out.String(), err.String()
}

func (b *bench) want(code int, line string, words ...string) {
	b.t.Helper()
	got, stdout, stderr := b.run(line)
	if got != code {
		b.t.Errorf("entente %s: exit %d, want %d\n%s%s", line, got, code, stdout, stderr)
	}
	for _, word := range words {
		if !strings.Contains(stdout+stderr, word) {
			b.t.Errorf("entente %s does not say %q:\n%s%s", line, word, stdout, stderr)
		}
	}
}

var masks = []struct {
	find    *regexp.Regexp
	replace string
}{
	{regexp.MustCompile(`\b[0-9a-f]{64}\b`), "<digest>"},
	{regexp.MustCompile(`\b[0-9a-f]{12}\b`), "<digest>"},
	{regexp.MustCompile(` +\d+\.\ds  `), "  <time>  "},
	{regexp.MustCompile(`http://127\.0\.0\.1:\d+`), "<server>"},
}

func (b *bench) golden(name string) {
	b.t.Helper()
	got := strings.ReplaceAll(b.log.String(), b.dir+string(filepath.Separator), "")
	for _, m := range masks {
		got = m.find.ReplaceAllString(got, m.replace)
	}
	golden(b.t, name, got)
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs; if that is meant: go test ./internal/cli -update\n%s", path, diff)
	}
}

func TestHelpOfEveryVerb(t *testing.T) {
	var all strings.Builder
	help := func(args ...string) string {
		var out bytes.Buffer
		if code := cli.Run(t.Context(), append(args, "--help"), strings.NewReader(""), &out, &out); code != 0 {
			t.Errorf("entente %v --help: exit %d", args, code)
		}
		fmt.Fprintf(&all, "$ entente %s--help\n%s\n", strings.Join(append(args, ""), " "), out.String())
		return out.String()
	}
	verb := regexp.MustCompile(`(?m)^  ([a-z-]+) +[A-Z]`)
	for _, found := range verb.FindAllStringSubmatch(help(), -1) {
		if found[1] == "help" || found[1] == "completion" {
			continue
		}
		if text := help(found[1]); !strings.Contains(text, "Examples:\n  entente "+found[1]) {
			t.Errorf("entente %s --help has no example", found[1])
		}
	}
	help("audit", "verify")
	help("export", "coverage")
	golden(t, "help", all.String())
}

// TestTheWholeJob is the picture of the readme, from plan to restore, as a person sees it.
func TestTheWholeJob(t *testing.T) {
	b := newBench(t)
	b.want(0, "validate -f three.yaml", "3 tenants", "6 shares")
	b.want(2, "plan -f three.yaml", "share b→c", "bob@b.example", "convert")
	b.want(4, "apply -f three.yaml --yes --wait", "handed over", "waiting for the target's yes")
	b.want(0, "status", "waiting", "requests waiting 6")
	b.want(1, "approve --tenant c --all", "only an admin of tenant c")
	b.who = "c-admin"
	b.want(0, "inbox", "barbara@b.example", "1 already there as guest")
	b.want(0, "approve req-b-c-1 --existing-guests convert --max-users 5 --exclude barbara@b.example", "approved")
	b.want(0, "approve --all", "a→c")
	b.want(1, "approve req-b-c-1", "approved already by c-admin")
	b.want(1, "approve req-a-b-1", "may not")
	b.want(1, "reject req-a-c-1 --reason late", "already")
	b.want(0, "inbox", "nothing waits for tenant c")
	for _, b.who = range []string{"a-admin", "b-admin"} {
		b.want(0, "approve --all")
	}
	b.who = "pat"
	b.want(0, "coverage", "coverage 4/12 · internal 4 · members 0 · guests 1")
	b.world.Control.Finish(t.Context())
	b.want(0, "coverage", "coverage 12/12 · internal 4 · members 8 · guests 0")
	b.want(0, "coverage --person bob", "bob@b.example")
	b.want(0, "plan -f three.yaml", "Nothing to do")
	b.want(0, "reductions", "nobody left")
	b.world.Control.Leave(t.Context())
	b.want(0, "reductions", "proven")
	b.want(0, "restore barbara@b.example --wait", "everybody is back")
	b.want(0, "stop b c --reason over --yes --wait", "stopped")
	b.want(0, "status", "stopped")
	b.want(0, "stop b c --reason again --yes --wait", "b→c is stopped already")
	b.want(0, "coverage --person nobody-here", `nobody's name or user principal name contains "nobody-here"`)
	b.want(0, "holds", "nobody is held")
	b.want(0, "hold bob@b.example --in a --reason leave", "held")
	b.want(0, "holds", "bob@b.example", "keepOut", "in force")
	b.want(0, "history", "decide")
	b.want(0, "audit verify", "intact")
	b.want(0, "export coverage --csv", "annie@a.example,Annie,a,false,internal,member,member")
	b.golden("job")
}

func TestRefusals(t *testing.T) {
	b := newBench(t)
	b.write("bad.yaml", strings.Replace(apitest.Topology, "tenant: b, from", "tennant: b, from", 1))
	b.want(1, "plan -f bad.yaml", "bad.yaml:10", "unknown-field", "tenant")
	b.want(1, "apply -f bad.yaml --yes", "nothing was changed")
	b.want(1, "plan -f missing.yaml", "no such file")
	b.want(1, "plan", "required flag")
	b.want(1, "status", "plan a topology first")
	b.want(1, "apply -f three.yaml", "nothing was changed", "use --yes")
	if len(b.world.Control.Applied) > 0 {
		t.Error("applied although nobody could be asked")
	}
	b.want(1, "revoke b c --reason x", "freeze", "drain")
	b.want(1, "revoke b c --freeze --drain --reason x", "freeze", "drain")
	b.want(1, "hold bob@b.example --in c --block --keep-out --reason x", "block", "keep-out")
	b.world.Control.Fatal = true
	b.want(3, "plan -f three.yaml", "group-not-found", "what to do")
	b.want(3, "apply -f three.yaml --yes", "Refused")
	b.want(1, "status -o xml", "use table, json or yaml")
	b.want(1, "nonsense", "unknown command")
	b.want(1, "stop b --reason x", "not a share")
	b.want(1, "restore", "name one user")
	b.golden("refusals")
}

func TestATenantThatCannotBeReadIsExplained(t *testing.T) {
	b := newBench(t)
	b.want(0, "apply -f three.yaml --yes")
	b.world.Control.Trouble(t.Context(), "b", &problem.Error{
		Kind: problem.Forbidden, Op: "list users", Tenant: "b", Code: "Authorization_RequestDenied",
		Detail: "Insufficient privileges to complete the operation.", Remedy: "grant User.Read.All to the application in tenant b",
	})
	b.want(0, "status", "tenant b", "Forbidden Authorization_RequestDenied", "grant User.Read.All")
	b.golden("trouble")
}

func TestMachineOutput(t *testing.T) {
	b := newBench(t)
	code, out, _ := b.run("plan -f three.yaml -o json")
	var p map[string]any
	if err := json.Unmarshal([]byte(out), &p); err != nil || code != 2 {
		t.Fatalf("exit %d, %v", code, err)
	}
	for _, key := range []string{"changes", "effects", "refusals", "warnings", "shares"} {
		if _, ok := p[key].([]any); !ok {
			t.Errorf("%s is %T, want a list", key, p[key])
		}
	}
	if p["digest"] == "" {
		t.Error("no digest")
	}
	b.want(2, "plan -f three.yaml -o yaml", "organization: contoso-group")
	code, out, stderr := b.run("apply -f three.yaml --yes --wait -o json")
	if code != 4 || json.Unmarshal([]byte(out), &p) != nil || !strings.Contains(stderr, "waiting") {
		t.Errorf("exit %d, stdout %s, stderr %s", code, out, stderr)
	}
	for _, verb := range []string{"status", "coverage", "inbox", "reductions", "holds", "history", "audit verify", "version"} {
		code, out, _ := b.run(verb + " -o json")
		if code != 0 || !json.Valid([]byte(out)) {
			t.Errorf("%s: exit %d, %s", verb, code, out)
		}
	}
}

func TestLoginIsKeptForOneServerOnly(t *testing.T) {
	b := newBench(t)
	b.want(0, "login", "signed in", "pat (platform)")
	b.who = ""
	if code, out, _ := b.run("version"); code != 0 || !strings.Contains(out, "entente") {
		t.Errorf("exit %d: %s", code, out)
	}
	b.want(1, "status", "plan a topology first") // signed in: the server was asked
	other := apitest.New(t)
	b.want(1, "status --server "+other.Server.URL, "no bearer token")
	info, err := os.Stat(filepath.Join(b.dir, "config", "entente", "session.json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the login is kept with mode %v (%v)", info.Mode(), err)
	}
	b.world.Server.Close()
	b.want(1, "status", "nothing listens at", "start entented")
}

func TestCompletionAndUsageNeedNoServer(t *testing.T) {
	var out bytes.Buffer
	if code := cli.Run(t.Context(), []string{"completion", "bash"}, strings.NewReader(""), &out, &out); code != 0 || out.Len() == 0 {
		t.Errorf("exit %d", code)
	}
}
