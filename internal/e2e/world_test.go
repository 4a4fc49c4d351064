package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"entente.dev/entente/internal/entrasim/simclient"
)

// story is what the commands of one script share.
type story struct {
	t      *testing.T
	ts     *testscript.TestScript
	ctx    context.Context
	bin    string
	work   string
	sim    *process
	daemon *process
	api    *process // a second entented that only serves the API
	port   string   // of the daemon's Temporal, when a second process needs it
	admin  *simclient.Client
	info   simclient.Info
	fleet  *fleet // a core and one worker for each tenant
	more   string // of its configuration
	told   *received
	before map[string]map[string]string // by tenant, the objects that were there before Entente: id to name
}

type storyKey struct{}

func setup(t *testing.T, bin string) func(*testscript.Env) error {
	return func(env *testscript.Env) error {
		s := &story{t: t, ctx: t.Context(), bin: bin, work: env.WorkDir}
		env.Values[storyKey{}] = s
		env.Vars = append(env.Vars, "XDG_CONFIG_HOME="+filepath.Join(env.WorkDir, ".settings"), "NO_COLOR=1")
		env.Defer(s.end)
		return nil
	}
}

// end kills what still runs, and shows what it said when the story failed.
func (s *story) end() {
	if s.t.Failed() {
		s.tellRequests()
	}
	for _, p := range []*process{s.api, s.daemon, s.sim} {
		if p == nil {
			continue
		}
		if err := p.kill(); err != nil {
			s.t.Logf("end %s: %v", p.name, err)
		}
		if s.t.Failed() {
			s.t.Logf("%s printed, at last:\n%s", p.name, tail(p.output(), 80))
		}
	}
}

// tellRequests shows the last writes, the last requests and what is held.
func (s *story) tellRequests() {
	if s.sim == nil || s.admin == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), 5*time.Second)
	defer cancel()
	entries, err := s.admin.Requests(ctx, 0, 0, 0)
	var lines []string
	for i, e := range entries {
		if e.Write || i >= len(entries)-20 {
			lines = append(lines, fmt.Sprintf("%s %d %s %s %s", e.Time.Format("15:04:05.000"), e.Status, line(e), e.Fault, e.Note))
		}
	}
	lines = lines[max(0, len(lines)-100):]
	rules, _ := s.admin.Faults(ctx)
	s.t.Logf("the last writes and requests (%v), faults %+v:\n%s", err, rules, strings.Join(lines, "\n"))
}

func tail(text string, lines int) string {
	all := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

const startPatience = time.Minute

var simReady = regexp.MustCompile(`(?m)^\s+admin\s+(http://\S+)$`)

// world starts the simulator. Its cycles take a second, as long as a person's patience in a test.
func (s *story) world(args []string) error {
	if s.sim != nil {
		return errors.New("the world runs already")
	}
	dir := filepath.Join(s.work, ".world")
	flags := []string{"run", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--data-dir", dir, "--cycle", "1s"}
	var err error
	if s.sim, err = start("entrasim", s.program("entrasim"), filepath.Join(s.work, ".entrasim.log"), s.work, os.Environ(), append(flags, args...)...); err != nil {
		return err
	}
	url, err := s.sim.awaitLine(simReady, startPatience)
	if err != nil {
		return err
	}
	s.admin = simclient.New(url)
	if s.info, err = s.admin.Info(s.ctx); err != nil {
		return err
	}
	s.ts.Setenv("ENTRASIM_ADMIN", url)
	return s.noteObjects()
}

// noteObjects remembers everything that is there before Entente comes.
func (s *story) noteObjects() error {
	s.before = map[string]map[string]string{}
	for _, t := range s.info.Tenants {
		state, err := s.admin.State(s.ctx, t.Name, true)
		if err != nil {
			return err
		}
		ids := map[string]string{}
		for _, u := range state.Users {
			ids[u.ID] = u.UPN
			if u.External && u.Mail != "" {
				ids[u.ID] = u.Mail
			}
		}
		for _, g := range state.Groups {
			ids[g.ID] = g.Name
		}
		for _, p := range state.Principals {
			ids[p.ID] = p.DisplayName
		}
		s.before[t.Name] = ids
	}
	return nil
}

func (s *story) program(name string) string { return filepath.Join(s.bin, name) }

// as chooses whose token entente sends.
func (s *story) as(args []string) error {
	if len(args) != 1 {
		return errors.New("usage: as NAME")
	}
	file := s.tokenFile(args[0])
	if _, err := os.Stat(file); err != nil {
		return fmt.Errorf("nobody is called %s", args[0])
	}
	s.ts.Setenv("ENTENTE_TOKEN_FILE", file)
	return nil
}

func (s *story) tokenFile(name string) string {
	return filepath.Join(s.work, ".tokens", name)
}

// secret changes what the daemon believes to be a tenant's client secret.
func (s *story) secret(args []string) error {
	if len(args) != 2 {
		return errors.New("usage: secret TENANT TEXT")
	}
	return os.WriteFile(s.secretFile(args[0]), []byte(args[1]+"\n"), 0o600)
}

// edit writes a copy of a file with one text replaced, which must be there exactly once.
func (s *story) edit(args []string) error {
	if len(args) != 4 {
		return errors.New("usage: edit FILE COPY OLD NEW")
	}
	text := s.ts.ReadFile(args[0])
	old, replacement := strings.ReplaceAll(args[2], `\n`, "\n"), strings.ReplaceAll(args[3], `\n`, "\n")
	if n := strings.Count(text, old); n != 1 {
		return fmt.Errorf("%s has %q %d times, not once", args[0], old, n)
	}
	return os.WriteFile(s.ts.MkAbs(args[1]), []byte(strings.Replace(text, old, replacement, 1)), 0o600)
}

func (s *story) secretFile(tenant string) string {
	return filepath.Join(s.work, ".secrets", tenant)
}
