package authz

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"entente.dev/entente/internal/authn"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/problem"
)

// expected is written down as text, independently of the code, in docs/reference/roles.md: per role, per verb, the
// relations of the principal's tenant to the object under which the answer is yes.
var expected = map[string]string{}

var row = regexp.MustCompile("(?m)^\\| ([a-z -]+) \\| ([a-z-]+) \\| [^|]+ \\| ((?:`[a-z:-]+` ?)+) \\|$")

// TestMain reads the page that people read.
func TestMain(m *testing.M) {
	page, err := os.ReadFile("../../docs/reference/roles.md")
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	for _, r := range row.FindAllStringSubmatch(string(page), -1) {
		expected[r[1]+"/"+r[2]] = strings.ReplaceAll(r[3], "`", "")
	}
	os.Exit(m.Run())
}

func relation(own ident.Tenant, o Object) string {
	switch {
	case o.Kind == Organization:
		return "org"
	case own != "" && o.Target == own:
		return "target"
	case own != "" && o.Source == own:
		return "source"
	default:
		return "none"
	}
}

func TestMatrix(t *testing.T) {
	t.Parallel()
	cells := 0
	for _, who := range everybody() {
		for _, verb := range Verbs() {
			for _, o := range everything("x") {
				cells++
				want := slices.ContainsFunc(who.Bindings(), func(b authn.Binding) bool { return wanted(b, verb, o) })
				err := Allow(who, verb, o)
				if (err == nil) != want {
					t.Errorf("%+v %s %+v: allowed %v, want %v", who, verb, o, err == nil, want)
				}
				if err != nil && problem.KindOf(err) != problem.Forbidden {
					t.Errorf("%+v %s %+v: %v is not Forbidden", who, verb, o, err)
				}
			}
		}
	}
	if len(expected) < 20 {
		t.Errorf("the page lists only %d rows", len(expected))
	}
	fmt.Printf("authz matrix: %d cells, all as listed in docs/reference/roles.md\n", cells)
}

// wanted reads the table for one role.
func wanted(who authn.Binding, verb Verb, o Object) bool {
	label := string(who.Role)
	if who.Role == authn.Viewer && who.Tenant != "" {
		label = "tenant viewer"
	}
	if who.Org != "" && who.Org != "x" || who.Tenant == "" && (who.Role == authn.TenantAdmin || who.Role == authn.Worker) {
		return false
	}
	return slices.ContainsFunc(strings.Fields(expected[label+"/"+string(verb)]), func(word string) bool {
		rel, kind, bound := strings.Cut(word, ":")
		return rel == relation(who.Tenant, o) && (bound && kind == string(o.Kind) || !bound && o.Kind != WorkerData)
	})
}

// everybody are the holders of one role, of none, and of every two.
func everybody() []authn.Principal {
	single := holders()
	out := append([]authn.Principal{{}, {Name: "odd", Role: "root"}, {Name: "lost", Role: authn.TenantAdmin}, {Name: "idle", Role: authn.Worker}}, single...)
	out = append(out, authn.Principal{Name: "roleless", More: []authn.Binding{{Role: authn.Platform}}})
	for i, one := range single {
		for _, other := range single[i+1:] {
			out = append(out, authn.Principal{Name: "n", Subject: "s"}.Hold(append(one.Bindings(), other.Bindings()...)))
		}
	}
	return out
}

func holders() []authn.Principal {
	var out []authn.Principal
	for _, org := range []string{"", "x", "y"} {
		for _, tenant := range []ident.Tenant{"", "a", "b", "c"} {
			for _, role := range authn.Roles() {
				if (role == authn.Platform) == (tenant == "") || role == authn.Viewer {
					out = append(out, authn.Principal{Name: "n", Role: role, Tenant: tenant, Org: org})
				}
			}
		}
	}
	return out
}

func everything(org string) []Object {
	out := []Object{OfOrg(org)}
	for _, target := range []ident.Tenant{"a", "b", "c"} {
		out = append(out, OfTenant(org, target), OfWork(org, target))
		for _, source := range []ident.Tenant{"a", "b", "c"} {
			if source == target {
				continue
			}
			for _, kind := range []Kind{Share, Request, Reduction, WorkerData} {
				out = append(out, OfShare(kind, org, ident.Share{Source: source, Target: target}))
			}
		}
	}
	return out
}

func TestPlatformCannotDecideForATenant(t *testing.T) {
	t.Parallel()
	err := Allow(authn.Principal{Name: "pat", Role: authn.Platform}, Approve, OfShare(Request, "x", ident.Share{Source: "a", Target: "c"}))
	if err == nil || !strings.Contains(err.Error(), "admin of tenant c") {
		t.Fatalf("got %v, want a refusal that names who decides", err)
	}
}

func TestAWorkerDoesNothingButWork(t *testing.T) {
	t.Parallel()
	who := authn.Principal{Name: "worker-c", Role: authn.Worker, Tenant: "c"}
	if err := Allow(who, Work, OfWork("x", "c")); err != nil {
		t.Fatal(err)
	}
	if err := Allow(who, Work, OfWork("x", "b")); err == nil || !strings.Contains(err.Error(), "bound to the tenant") {
		t.Fatalf("got %v, want a refusal that says whose token it takes", err)
	}
	for _, verb := range Verbs() {
		if err := Allow(who, verb, OfTenant("x", "c")); err == nil {
			t.Errorf("a worker may %s its tenant", verb)
		}
	}
	if err := Allow(authn.Principal{Name: "pat", Role: authn.Platform}, Work, OfWork("x", "c")); err == nil {
		t.Error("the platform role does a worker's work")
	}
}

func TestRefusalsDoNotRepeatNamesOfPeople(t *testing.T) {
	t.Parallel()
	who := authn.Principal{Name: "annie@a.example", Subject: "s", Role: authn.TenantAdmin, Tenant: "a", More: []authn.Binding{{Role: authn.Viewer}}}
	err := Allow(who, Approve, OfShare(Request, "x", ident.Share{Source: "a", Target: "c"}))
	if err == nil || strings.Contains(err.Error(), "annie") || !strings.Contains(err.Error(), "tenant-admin of tenant a, viewer") {
		t.Fatalf("got %v, want a refusal that names the roles and nobody", err)
	}
}
