package main

import (
	"strings"
	"testing"
)

func run(t *testing.T, stories, ci bool, lines ...string) (string, bool) {
	t.Helper()
	var out strings.Builder
	s := newSummary(&out, stories)
	if err := s.read(strings.NewReader(strings.Join(lines, "\n"))); err != nil {
		t.Fatal(err)
	}
	ok := s.finish(ci)
	return out.String(), ok
}

func TestTotals(t *testing.T) {
	pass := []string{`{"Action":"run","Package":"p","Test":"A"}`, `{"Action":"pass","Package":"p","Test":"A"}`}
	skip := []string{`{"Action":"run","Package":"p","Test":"S"}`, `{"Action":"skip","Package":"p","Test":"S"}`}
	fail := []string{
		`{"Action":"run","Package":"p","Test":"F"}`, `{"Action":"run","Package":"p","Test":"F/sub"}`,
		`{"Action":"output","Package":"p","Test":"F/sub","Output":"why it failed\n"}`,
		`{"Action":"fail","Package":"p","Test":"F/sub"}`, `{"Action":"fail","Package":"p","Test":"F"}`, `{"Action":"fail","Package":"p"}`,
	}
	build := []string{
		`{"ImportPath":"q [q.test]","Action":"build-output","Output":"undefined: x\n"}`, `{"ImportPath":"q [q.test]","Action":"build-fail"}`,
		`{"Action":"fail","Package":"q","FailedBuild":"q [q.test]"}`,
	}
	story := []string{
		`{"Action":"run","Package":"e","Test":"TestStories"}`, `{"Action":"run","Package":"e","Test":"TestStories/three-tenants"}`,
		`{"Action":"pass","Package":"e","Test":"TestStories/three-tenants","Elapsed":3.21}`, `{"Action":"pass","Package":"e","Test":"TestStories"}`,
	}
	for name, c := range map[string]struct {
		lines       []string
		stories, ci bool
		want        []string
		ok          bool
	}{
		"pass":             {lines: pass, want: []string{"1 passed, 0 failed, 0 skipped"}, ok: true},
		"skip":             {lines: append(pass, skip...), want: []string{"1 passed, 0 failed, 1 skipped"}, ok: true},
		"skip in CI":       {lines: append(pass, skip...), ci: true, want: []string{"skipped p S", "error in CI"}, ok: false},
		"subtest fails":    {lines: fail, want: []string{"why it failed", "FAIL p F/sub", "0 passed, 1 failed"}, ok: false},
		"build fails":      {lines: build, want: []string{"undefined: x", "0 passed, 1 failed"}, ok: false},
		"nothing":          {want: []string{"no test ran"}, ok: false},
		"crash before all": {lines: append(pass, "fatal error: x"), want: []string{"fatal error: x"}, ok: true},
		"stories":          {lines: story, stories: true, want: []string{"story three-tenants: ok (3.2s)", "1 passed, 0 failed"}, ok: true},
	} {
		t.Run(name, func(t *testing.T) {
			out, ok := run(t, c.stories, c.ci, c.lines...)
			for _, want := range c.want {
				if !strings.Contains(out, want) {
					t.Errorf("no %q in:\n%s", want, out)
				}
			}
			if ok != c.ok {
				t.Errorf("ok is %v\n%s", ok, out)
			}
		})
	}
}
