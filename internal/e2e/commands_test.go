package e2e

import (
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// command does something or states something; a statement that does not hold is an error.
type command func(s *story, args []string) error

// table is every command of a story but those that take other commands.
func table() map[string]command {
	return map[string]command{
		"world": (*story).world, "daemon": (*story).daemonCommand, "api": (*story).apiCommand, "as": (*story).as, "secret": (*story).secret, "edit": (*story).edit, "capture": (*story).capture, "config": (*story).config,
		"receivers": (*story).receivers, "told": (*story).toldOf,
		"race": (*story).race, "ended": (*story).ended, "tamper": (*story).tamper, "database": (*story).database,
		"core": (*story).core, "workers": (*story).startWorkers, "isolated": (*story).isolated, "unreadable": (*story).unreadable, "readable": (*story).readable,
		"remember": (*story).remember, "time": (*story).time, "person": (*story).person, "objects": (*story).objects,
		"mark": (*story).mark, "writes": (*story).writes, "order": (*story).order, "untouched": (*story).untouched,
		"requests": (*story).requests, "partner": (*story).partner, "all-approve": (*story).allApprove,
		"cycle": (*story).cycle, "hold": (*story).hold, "kill-while-held": (*story).killWhileHeld,
		"entente": program("entente"), "entrasim": program("entrasim"),
	}
}

func commands() map[string]func(*testscript.TestScript, bool, []string) {
	all := map[string]func(*testscript.TestScript, bool, []string){}
	for name, do := range table() {
		all[name] = script(name, do)
	}
	all["exits"] = script("exits", (*story).exits)
	all["eventually"] = script("eventually", (*story).eventually)
	return all
}

func script(name string, do command) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, not bool, args []string) {
		s := ts.Value(storyKey{}).(*story)
		s.ts = ts
		began := time.Now()
		err := do(s, args)
		if took := time.Since(began); took > time.Second {
			ts.Logf("(%.1fs)", took.Seconds())
		}
		switch {
		case err != nil && !not:
			ts.Fatalf("%s: %v", name, err)
		case err == nil && not:
			ts.Fatalf("%s: unexpectedly so", name)
		}
	}
}

func program(name string) command {
	return func(s *story, args []string) error { return s.ts.Exec(s.program(name), args...) }
}

// exitCode of a program that ran; an error when it did not.
func exitCode(err error) (int, error) {
	var ended *exec.ExitError
	switch {
	case err == nil:
		return 0, nil
	case errors.As(err, &ended):
		return ended.ExitCode(), nil
	default:
		return 0, err
	}
}

func (s *story) exits(args []string) error {
	if len(args) < 2 {
		return errors.New("usage: exits CODE COMMAND…")
	}
	return s.attempt([]condition{{"exits", args[0]}}, args[1:])
}

// condition is one thing that a program's run must show.
type condition struct{ what, value string }

func (s *story) eventually(args []string) error {
	const usage = "usage: eventually TIME [stdout|stderr REGEXP | exits CODE]… -- COMMAND…, or eventually TIME COMMAND…"
	if len(args) < 2 {
		return errors.New(usage)
	}
	within, err := time.ParseDuration(args[0])
	if err != nil {
		return err
	}
	var conditions []condition
	line := args[1:]
	if end := slices.Index(args, "--"); end > 0 {
		if end%2 == 0 || end == len(args)-1 {
			return errors.New(usage)
		}
		for i := 1; i < end; i += 2 {
			conditions = append(conditions, condition{args[i], args[i+1]})
		}
		line = args[end+1:]
	}
	for deadline := time.Now().Add(within); ; {
		err := s.attempt(conditions, line)
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("not within %s: %w", within, err)
		}
		const pause = 300 * time.Millisecond
		time.Sleep(pause)
	}
}

// attempt runs a command once and looks at what it shows.
func (s *story) attempt(conditions []condition, args []string) error {
	do, ok := table()[args[0]]
	if !ok {
		return fmt.Errorf("there is no command %s", args[0])
	}
	err := do(s, args[1:])
	if args[0] != "entente" && args[0] != "entrasim" {
		return err
	}
	code, err := exitCode(err)
	if err != nil {
		return err
	}
	asked := slices.ContainsFunc(conditions, func(c condition) bool { return c.what == "exits" })
	if !asked {
		conditions = append(conditions, condition{"exits", "0"})
	}
	for _, c := range conditions {
		if err := s.holds(c, code); err != nil {
			return fmt.Errorf("%s: %w", strings.Join(args, " "), err)
		}
	}
	return nil
}

func (s *story) holds(c condition, code int) error {
	switch c.what {
	case "exits":
		if c.value != strconv.Itoa(code) {
			return fmt.Errorf("exit code %d, not %s", code, c.value)
		}
		return nil
	case "stdout", "stderr":
		re, err := regexp.Compile("(?m)" + c.value)
		if err != nil {
			return err
		}
		if out := s.ts.ReadFile(c.what); !re.MatchString(out) {
			return fmt.Errorf("%s does not match %s", c.what, c.value)
		}
		return nil
	default:
		return fmt.Errorf("unknown condition %s; use stdout, stderr or exits", c.what)
	}
}

// capture keeps the first group of an expression over what the last program printed.
func (s *story) capture(args []string) error {
	if len(args) != 2 {
		return errors.New("usage: capture NAME REGEXP")
	}
	re, err := regexp.Compile("(?m)" + args[1])
	if err != nil {
		return err
	}
	m := re.FindStringSubmatch(s.ts.ReadFile("stdout"))
	if len(m) < 2 {
		return fmt.Errorf("stdout has no %s", args[1])
	}
	s.ts.Setenv(args[0], m[1])
	return nil
}
