package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
)

// race lets several people type at the same moment, and states how many of them succeed.
func (s *story) race(args []string) error {
	const usage = "usage: race NUMBER|some PERSON entente-arguments… -- PERSON entente-arguments…"
	if len(args) < 4 {
		return errors.New(usage)
	}
	var lines [][]string
	for rest := args[1:]; len(rest) > 0; {
		end := slices.Index(rest, "--")
		if end < 0 {
			end = len(rest)
		}
		if end < 2 {
			return errors.New(usage)
		}
		lines = append(lines, rest[:end])
		rest = rest[min(end+1, len(rest)):]
	}
	outcomes := make([]string, len(lines))
	ended := make([]error, len(lines))
	var ready, all sync.WaitGroup
	ready.Add(1)
	for i, line := range lines {
		cmd := exec.CommandContext(s.ctx, s.program("entente"), line[1:]...)
		cmd.Dir = s.work
		cmd.Env = append(os.Environ(), "ENTENTE_SERVER="+s.ts.Getenv("ENTENTE_SERVER"), "ENTENTE_TOKEN_FILE="+s.tokenFile(line[0]), "XDG_CONFIG_HOME="+s.ts.Getenv("XDG_CONFIG_HOME"), "NO_COLOR=1")
		all.Go(func() {
			ready.Wait()
			out, err := cmd.CombinedOutput()
			outcomes[i], ended[i] = strings.TrimSpace(string(out)), err
		})
	}
	ready.Done()
	all.Wait()
	won := 0
	for i, err := range ended {
		code, err := exitCode(err)
		if err != nil {
			return err
		}
		if code == 0 {
			won++
		}
		s.ts.Logf("%s: exit code %d: %s", strings.Join(lines[i], " "), code, outcomes[i])
	}
	if fmt.Sprint(won) != args[0] && (args[0] != "some" || won == 0) {
		return fmt.Errorf("%d of %d succeeded, not %s", won, len(lines), args[0])
	}
	return nil
}

// ended states that the ledger knows exactly one end of each request.
func (s *story) ended(ids []string) error {
	if err := s.ts.Exec(s.program("entente"), "history", "--limit", "1000", "-o", "json"); err != nil {
		return err
	}
	var history struct {
		Entries []struct{ Verb, Object string }
	}
	if err := json.Unmarshal([]byte(s.ts.ReadFile("stdout")), &history); err != nil {
		return err
	}
	for _, id := range ids {
		var ends []string
		for _, e := range history.Entries {
			if e.Object == id && slices.Contains([]string{"approved", "rejected", "expired", "withdrawn"}, e.Verb) {
				ends = append(ends, e.Verb)
			}
		}
		if len(ends) != 1 {
			return fmt.Errorf("request %s ended %d times in the ledger: %v", id, len(ends), ends)
		}
		s.ts.Logf("%s: %s", id, ends[0])
	}
	return nil
}
