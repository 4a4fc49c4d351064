package world

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"entente.dev/entente/internal/entrasim/clock"

	"time"
)

func TestExampleFileIsTheConstructor(t *testing.T) {
	w, err := Load("../../../deploy/examples/world-three-tenants.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(ThreeTenants(200), w); diff != "" {
		t.Error(diff)
	}
}

func TestErrorsNameThePlace(t *testing.T) {
	for name, tc := range map[string]struct{ yaml, want string }{
		"unknown field":  {"tenants:\n  - name: a\n    domian: a.example\n", "w.yaml:3:5: unknown field"},
		"bad domain":     {"tenants:\n  - name: a\n    domain: here\n", "w.yaml:3:13: tenant \"a\": domain \"here\" is not"},
		"foreign member": {"tenants:\n  - name: a\n    domain: a.example\n    groups:\n      - name: G\n        members: [x@b.example]\n", "w.yaml:6:19: group \"G\": member"},
		"unknown target": {"tenants:\n  - name: a\n    domain: a.example\n    jobs: [{target: z}]\n", "w.yaml:4:21: \"z\" is no other tenant"},
		"no tenants":     {"tenants: []\n", "needs at least one tenant"},
		"not yaml":       {"tenants: [\n", "w.yaml:"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("w.yaml", []byte(tc.yaml))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

func TestSameSeedSamePeople(t *testing.T) {
	build := func() []string {
		r, err := Build(ThreeTenants(50), clock.New(time.Unix(1_700_000_000, 0), 0), nil)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, tenant := range r.Tenants() {
			page, _ := tenant.Users(0, 1000, nil)
			for _, u := range page {
				out = append(out, u.ID+" "+strings.Join(u.S[:], "|"))
			}
		}
		return out
	}
	if diff := cmp.Diff(build(), build()); diff != "" {
		t.Error(diff)
	}
}
