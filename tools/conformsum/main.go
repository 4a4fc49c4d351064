// Command conformsum reads `go test -json` of the simulator's packages and says how it stands against each truth:
//
//	runtime items 40/40
//	setup rules N/N
//	schema: N answers, 0 violations
//	sdk models: N answers, 0 unexpected
//
// An item counts when every test named after it ran and passed (TestRuntime17_…), a rule when its subtest of TestSetup
// did. It exits 1 when a test failed, when an item has no test, or when one of the lines is missing.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
)

func main() {
	t := &tally{items: map[int]bool{}, output: map[string][]string{}}
	if err := t.read(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "conformsum:", err)
		os.Exit(2)
	}
	if !t.print(os.Stdout) {
		os.Exit(1)
	}
}

// runtimeItems is how many items there are.
const runtimeItems = 40

type event struct {
	Action, Package, Test, Output string
	ImportPath                    string // of build output
}

type tally struct {
	items         map[int]bool // false once a test of the item did not pass
	held, rules   int
	schema, model string
	failed        []string
	output        map[string][]string
}

var (
	runtimeTest = regexp.MustCompile(`^TestRuntime(\d\d)_[^/]+$`)
	setupRule   = regexp.MustCompile(`^TestSetup/rules/.+$`)
	schemaLine  = regexp.MustCompile(`^schema: \d+ answers, (\d+) violations$`)
	modelLine   = regexp.MustCompile(`^sdk models: \d+ answers, (\d+) unexpected$`)
)

func (t *tally) read(in io.Reader) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			t.failed = append(t.failed, lines.Text()+"\n")
			continue
		}
		t.take(e)
	}
	return lines.Err()
}

func (t *tally) take(e event) {
	where := e.Package + e.ImportPath + " " + e.Test
	switch e.Action {
	case "output", "build-output":
		text := strings.TrimSpace(e.Output)
		if schemaLine.MatchString(text) {
			t.schema = text
		}
		if modelLine.MatchString(text) {
			t.model = text
		}
		t.output[where] = append(t.output[where], e.Output)
	case "pass", "fail", "skip":
		t.count(e.Test, e.Action == "pass")
		if e.Action == "fail" {
			t.failed = append(t.failed, where+"\n"+strings.Join(t.output[where], ""))
		}
		delete(t.output, where)
	case "build-fail":
		t.failed = append(t.failed, where+"\n"+strings.Join(t.output[where], ""))
	}
}

func (t *tally) count(test string, passed bool) {
	if m := runtimeTest.FindStringSubmatch(test); m != nil {
		n, _ := strconv.Atoi(m[1]) // two digits
		before, seen := t.items[n]
		t.items[n] = passed && (before || !seen)
	}
	if setupRule.MatchString(test) {
		t.rules++
		if passed {
			t.held++
		}
	}
}

// print writes the lines and tells whether all is well.
func (t *tally) print(out io.Writer) bool {
	good := 0
	for n := 1; n <= runtimeItems; n++ {
		if t.items[n] {
			good++
		} else {
			t.failed = append(t.failed, fmt.Sprintf("runtime item %d does not hold, or has no test\n", n))
		}
	}
	if t.rules == 0 {
		t.failed = append(t.failed, "no setup rule ran\n")
	}
	for name, line := range map[string]*string{"schema": &t.schema, "sdk models": &t.model} {
		if *line == "" {
			*line = name + ": did not run"
			t.failed = append(t.failed, *line+"\n")
		}
	}
	for _, f := range t.failed {
		_, _ = fmt.Fprint(out, f)
	}
	_, _ = fmt.Fprintf(out, "runtime items %d/%d\nsetup rules %d/%d\n%s\n%s\n", good, runtimeItems, t.held, t.rules, t.schema, t.model)
	return len(t.failed) == 0
}
