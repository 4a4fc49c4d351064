package main

import (
	"fmt"
	"strings"
	"testing"
)

func run(t *testing.T, events ...string) (string, bool) {
	t.Helper()
	x := &tally{items: map[int]bool{}, output: map[string][]string{}}
	if err := x.read(strings.NewReader(strings.Join(events, "\n"))); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	ok := x.print(&out)
	return out.String(), ok
}

func sound() []string {
	var out []string
	for n := 1; n <= runtimeItems; n++ {
		out = append(out, fmt.Sprintf(`{"Action":"pass","Package":"p","Test":"TestRuntime%02d_Something"}`, n))
	}
	return append(out, `{"Action":"pass","Package":"p","Test":"TestSetup/rules/one"}`, `{"Action":"pass","Package":"p","Test":"TestSetup/rules"}`,
		`{"Action":"output","Package":"p","Test":"TestX","Output":"schema: 10 answers, 0 violations\n"}`,
		`{"Action":"output","Package":"p","Test":"TestY","Output":"sdk models: 9 answers, 0 unexpected\n"}`)
}

func TestAllIsWell(t *testing.T) {
	out, ok := run(t, sound()...)
	want := "runtime items 40/40\nsetup rules 1/1\nschema: 10 answers, 0 violations\nsdk models: 9 answers, 0 unexpected\n"
	if !ok || out != want {
		t.Errorf("%t %q", ok, out)
	}
}

func TestWhatIsNotWellIsSaid(t *testing.T) {
	for name, tc := range map[string]struct {
		events []string
		want   string
	}{
		"an item failed":       {append(sound(), `{"Action":"fail","Package":"p","Test":"TestRuntime07_Other"}`), "runtime items 39/40"},
		"an item was skipped":  {append(sound(), `{"Action":"skip","Package":"p","Test":"TestRuntime07_Other"}`), "runtime items 39/40"},
		"an item has no test":  {sound()[1:], "runtime item 1 does not hold"},
		"a rule failed":        {append(sound(), `{"Action":"fail","Package":"p","Test":"TestSetup/rules/two"}`), "setup rules 1/2"},
		"another test failed":  {append(sound(), `{"Action":"fail","Package":"p","Test":"TestZ"}`), "p TestZ"},
		"it does not compile":  {append(sound(), `{"Action":"build-fail","ImportPath":"q"}`), "q"},
		"the schema is absent": {sound()[:runtimeItems+2], "schema: did not run"},
		"nothing ran":          {nil, "runtime items 0/40"},
	} {
		if out, ok := run(t, tc.events...); ok || !strings.Contains(out, tc.want) {
			t.Errorf("%s: %t %q", name, ok, out)
		}
	}
}
