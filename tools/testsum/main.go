// Command testsum reads `go test -json` and prints what a person wants to know: failures with their output, one line
// per package or story, and totals as the last line.
//
//	go test -json ./... | testsum            packages; "N passed, N failed, N skipped"
//	go test -json ./internal/e2e | testsum -stories
//
// It exits 1 when anything failed, when nothing ran, and, with CI set, when a test was skipped.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	stories := flag.Bool("stories", false, "one line per subtest of TestStories")
	flag.Parse()
	s := newSummary(os.Stdout, *stories)
	if err := s.read(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "testsum:", err)
		os.Exit(2)
	}
	if !s.finish(os.Getenv("CI") != "") {
		os.Exit(1)
	}
}

// event is one line of `go test -json`.
type event struct {
	Action      string
	Package     string
	ImportPath  string // of build output
	Test        string
	Elapsed     float64
	Output      string
	FailedBuild string
}

type key struct{ pkg, test string }

type summary struct {
	out                     io.Writer
	stories                 bool
	passed, failed, skipped int
	output                  map[key][]string
	parents                 map[key]bool // tests with subtests: their subtests are counted instead
	broken                  []string     // what failed, for the end
	unparsed                []string     // lines that are no JSON: a crash before the first event
}

func newSummary(out io.Writer, stories bool) *summary {
	return &summary{out: out, stories: stories, output: map[key][]string{}, parents: map[key]bool{}}
}

func (s *summary) read(in io.Reader) error {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			s.line(line)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (s *summary) line(line string) {
	var e event
	if json.Unmarshal([]byte(line), &e) != nil {
		s.unparsed = append(s.unparsed, line)
		return
	}
	at := key{e.Package, e.Test}
	switch e.Action {
	case "run":
		if i := strings.LastIndex(e.Test, "/"); i > 0 {
			s.parents[key{e.Package, e.Test[:i]}] = true
		}
	case "output":
		s.output[at] = append(s.output[at], e.Output)
	case "build-output":
		k := key{e.ImportPath, ""}
		s.output[k] = append(s.output[k], e.Output)
	case "pass", "fail", "skip":
		if e.Test == "" {
			s.pkg(e)
		} else {
			s.test(e)
		}
		delete(s.output, at)
	}
}

// test counts leaves only, and parents that failed by themselves.
func (s *summary) test(e event) {
	at := key{e.Package, e.Test}
	name, isStory := strings.CutPrefix(e.Test, "TestStories/")
	isStory = isStory && s.stories && !strings.Contains(name, "/")
	leaf := !s.parents[at]
	switch e.Action {
	case "pass":
		if isStory {
			fmt.Fprintf(s.out, "story %s: ok (%.1fs)\n", name, e.Elapsed)
		}
		if leaf {
			s.passed++
		}
	case "skip":
		if leaf {
			s.skipped++
			s.broken = append(s.broken, fmt.Sprintf("skipped %s %s", e.Package, e.Test))
		}
	case "fail":
		if isStory {
			fmt.Fprintf(s.out, "story %s: FAIL (%.1fs)\n", name, e.Elapsed)
		}
		if leaf || isStory {
			s.failed++
			s.broken = append(s.broken, fmt.Sprintf("FAIL %s %s", e.Package, e.Test))
		}
		s.print(at)
	}
}

func (s *summary) pkg(e event) {
	at := key{e.Package, ""}
	if e.Action == "fail" {
		if e.FailedBuild != "" {
			s.print(key{e.FailedBuild, ""})
		}
		s.print(at)
		if !s.anyBroken(e.Package) {
			s.failed++ // it did not build, or it died outside a test
			s.broken = append(s.broken, "FAIL "+e.Package)
		}
	}
	if s.stories {
		return
	}
	word := map[string]string{"pass": "ok", "fail": "FAIL", "skip": "no tests"}[e.Action]
	if e.Action != "skip" {
		fmt.Fprintf(s.out, "%-8s %s (%.1fs)\n", word, e.Package, e.Elapsed)
	}
}

func (s *summary) anyBroken(pkg string) bool {
	for _, b := range s.broken {
		if strings.HasPrefix(b, "FAIL "+pkg+" ") {
			return true
		}
	}
	return false
}

func (s *summary) print(at key) {
	for _, line := range s.output[at] {
		_, _ = io.WriteString(s.out, line)
	}
}

// finish prints the totals and tells whether all is well.
func (s *summary) finish(ci bool) bool {
	for _, line := range s.unparsed {
		_, _ = io.WriteString(s.out, line)
	}
	if len(s.broken) > 0 {
		fmt.Fprintln(s.out)
		for _, b := range s.broken {
			fmt.Fprintln(s.out, b)
		}
	}
	if ci && s.skipped > 0 {
		fmt.Fprintln(s.out, "a skipped test is an error in CI")
	}
	if s.passed+s.failed == 0 {
		fmt.Fprintln(s.out, "no test ran")
	}
	fmt.Fprintf(s.out, "%d passed, %d failed, %d skipped\n", s.passed, s.failed, s.skipped)
	return s.failed == 0 && s.passed > 0 && (!ci || s.skipped == 0)
}
