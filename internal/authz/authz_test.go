package authz

import (
	"fmt"
	"strings"
	"testing"

	"entente.dev/entente/internal/authn"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/problem"
)

// The expectation is written down as text, independently of the code: per role, per verb, the relations of
// the principal's tenant to the object under which the answer is yes.
//
//	org     the object is the organization itself
//	source  the principal's tenant is the object's source
//	target  the principal's tenant is the object's target, or the tenant itself
//	none    the principal's tenant is neither, or it has none
var expected = map[string]string{
	"platform/read":               "org none",
	"platform/people":             "org none",
	"platform/validate":           "org none",
	"platform/plan":               "org none",
	"platform/apply":              "org none",
	"platform/hold":               "org none",
	"platform/stop":               "org none",
	"platform/restore":            "org none",
	"platform/revert-conversions": "org none",

	"viewer/read":     "org none",
	"viewer/people":   "org none",
	"viewer/validate": "org none",

	"tenant viewer/read":     "org source target",
	"tenant viewer/people":   "source target",
	"tenant viewer/validate": "org source target none",

	"tenant-admin/read":               "org source target",
	"tenant-admin/people":             "source target",
	"tenant-admin/validate":           "org source target none",
	"tenant-admin/approve":            "target:request",
	"tenant-admin/reject":             "target:request",
	"tenant-admin/hold":               "target:tenant",
	"tenant-admin/release":            "target:tenant",
	"tenant-admin/stop":               "target:share",
	"tenant-admin/revert-conversions": "target:share",
	"tenant-admin/restore":            "target:reduction",
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
		label := string(who.Role)
		if who.Role == authn.Viewer && who.Tenant != "" {
			label = "tenant viewer"
		}
		for _, verb := range Verbs() {
			for _, o := range everything("x") {
				cells++
				want := false
				for _, word := range strings.Fields(expected[label+"/"+string(verb)]) {
					rel, kind, bound := strings.Cut(word, ":")
					want = want || rel == relation(who.Tenant, o) && (!bound || kind == string(o.Kind))
				}
				want = want && (who.Org == "" || who.Org == "x")
				want = want && !(who.Role == authn.TenantAdmin && who.Tenant == "")
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
	fmt.Printf("authz matrix: %d cells\n", cells)
}

func everybody() []authn.Principal {
	out := []authn.Principal{{}, {Name: "odd", Role: "root"}, {Name: "lost", Role: authn.TenantAdmin}}
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
		out = append(out, OfTenant(org, target))
		for _, source := range []ident.Tenant{"a", "b", "c"} {
			if source == target {
				continue
			}
			for _, kind := range []Kind{Share, Request, Reduction} {
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
