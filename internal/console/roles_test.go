package console_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"entente.dev/entente/internal/api/apitest"
	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/console"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/store"
)

var edge = ident.Share{Source: "b", Target: "c"}

// form is a form of a page with what it would send.
type form struct {
	action string
	fields url.Values
}

// forms are the forms of a page that write.
func forms(t *testing.T, page string) []form {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var out []form
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.ElementNode && n.Data == "form" && attribute(n, "method") == "post" {
			out = append(out, form{attribute(n, "action"), url.Values{}})
		}
		if name := attribute(n, "name"); name != "" && len(out) > 0 && (n.Data == "input" || n.Data == "select") {
			value := attribute(n, "value")
			if n.Data == "select" && n.FirstChild != nil {
				value = attribute(n.FirstChild, "value")
			}
			if value == "" && n.Data == "input" && name != "maxUsers" && name != "expiresAfter" && name != "until" {
				value = "something"
			}
			if typ := attribute(n, "type"); typ != "radio" || attribute(n, "value") == "drain" || attribute(n, "value") == "keepOut" {
				out[len(out)-1].fields.Set(name, value)
			}
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(root)
	return out
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// TestNobodySeesAButtonThatIsRefused presses every button that each role sees.
func TestNobodySeesAButtonThatIsRefused(t *testing.T) {
	t.Parallel()
	for who, want := range map[string][]string{
		"vera":    nil,
		"pat":     {"new", "restore", "stop"},
		"b-admin": {"approve", "new", "reject", "revoke", "stop"},
		"c-admin": {"approve", "new", "reject", "release", "restore", "revoke", "stop"},
	} {
		t.Run(who, func(t *testing.T) {
			t.Parallel()
			b := open(t, console.Deps{})
			c := b.world.Client(t, "c-admin")
			if _, err := c.Approve(t.Context(), apitest.Org, "req-b-c-1", wire.Approve{}); err != nil {
				t.Fatal(err)
			}
			if _, err := b.world.Client(t, "b-admin").Approve(t.Context(), apitest.Org, "req-c-b-1", wire.Approve{}); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Hold(t.Context(), apitest.Org, wire.NewHold{Person: "bob@b.example", Tenant: "c", Reason: "lost laptop"}); err != nil {
				t.Fatal(err)
			}
			b.world.Control.Leave(t.Context())
			b.signIn(who)
			var seen []string
			var all []form
			for _, path := range []string{"", "/inbox", "/holds", "/reductions", "/shares/b/c", "/shares/c/b", "/shares/a/b", "/shares/a/c", "/requests/req-a-b-1", "/requests/req-a-c-1", "/requests/req-b-a-1"} {
				if b.do("GET", base+path, nil).StatusCode != 200 {
					continue
				}
				all = append(all, forms(t, b.page)...)
			}
			for _, f := range all {
				verb := f.action[strings.LastIndex(f.action, "/")+1:]
				if verb == "sign-out" || verb == "language" || verb == "draft" {
					continue
				}
				seen = append(seen, verb)
				if status := b.do("POST", f.action, f.fields).StatusCode; status == 403 || status == 400 || status >= 500 {
					t.Errorf("%s pressed %s with %v: %d", who, f.action, f.fields, status)
				}
			}
			slices.Sort(seen)
			if seen = slices.Compact(seen); !slices.Equal(seen, want) {
				t.Errorf("%s sees %v, want %v", who, seen, want)
			}
		})
	}
}

// TestAThirdTenantSeesNoNames: what A and C share is nothing of B's.
func TestAThirdTenantSeesNoNames(t *testing.T) {
	t.Parallel()
	b := open(t, console.Deps{})
	ctx, share := t.Context(), ident.Share{Source: "a", Target: "c"}
	zelda := ident.Person{Home: "a", ID: "id-zelda"}
	p := &plan.SharePlan{Share: share, Digest: "zelda", Effects: []plan.Effect{
		{Share: share, Person: zelda, UPN: "zelda@a.example", Name: "Zelda", Tenant: "c", Action: plan.Create, From: "absent", To: "member"},
	}}
	for _, err := range []error{
		b.world.Store.PutSharePlan(ctx, apitest.Org, p),
		b.world.Store.PutRequest(ctx, store.Request{ID: "zelda", Org: apitest.Org, Kind: "acceptance", Share: share, Tenant: "c", PlanDigest: "zelda", People: 1, Status: store.Waiting, OpenedAt: apitest.Start}),
		b.world.Store.PutHold(ctx, apitest.Org, plan.Hold{Person: zelda, Tenant: "c", Kind: "keepOut", Reason: "Zelda has left", By: "c-admin"}),
		b.world.Store.PutReduction(ctx, store.Reduction{ID: "red-zelda", Org: apitest.Org, Share: share, Status: "proven", OpenedAt: apitest.Start, Removals: []store.Removal{{Person: zelda, UPN: "zelda@a.example", State: store.Proven}}}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	paths := []string{"", "?person=zelda", "/inbox", "/holds", "/reductions", "/shares/a/c", "/requests/zelda", "/requests/zelda?search=zelda"}
	b.signIn("c-admin")
	seen := 0
	for _, path := range paths {
		b.do("GET", base+path, nil)
		seen += strings.Count(strings.ToLower(b.page), "zelda@")
	}
	if seen < 3 {
		t.Fatalf("C's own admin sees her %d times only", seen)
	}
	b.do("POST", "/sign-out", nil)
	b.signIn("b-admin")
	for _, path := range paths {
		answer := b.do("GET", base+path, nil)
		if page := strings.ReplaceAll(b.page, answer.Request.URL.RequestURI(), ""); strings.Contains(page, "zelda@") || strings.Contains(page, "Zelda") || strings.Contains(page, "id-zelda") {
			t.Errorf("B's admin reads of her on %q (%d)", path, answer.StatusCode)
		}
	}
}
