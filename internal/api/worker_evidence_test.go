package api_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"entente.dev/entente/internal/api/apitest"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/prospect"
	"entente.dev/entente/internal/store"
)

const asked = work + "/requests/req-b-c-1"

// TestATargetsWorkerLooksForAddresses: from whom it may recognize, without an address, to what its admin reads.
func TestATargetsWorkerLooksForAddresses(t *testing.T) {
	t.Parallel()
	w := working(t)
	as := func(who string) []string { return []string{"Authorization", "Bearer " + apitest.Token(who)} }
	status, _, raw := send(t, w, "GET", asked+"/askers", "", as("worker-c")...)
	var page store.AskersPage
	if err := json.Unmarshal([]byte(raw), &page); err != nil || status != 200 || len(page.Askers) == 0 || page.Digest == "" || strings.Contains(raw, "@") {
		t.Fatalf("%d %v %s", status, err, raw)
	}
	matches := prospect.NewMatcher("req-b-c-1")
	matches.Add(page.Askers...)
	found := matches.Find(prospect.Contact)
	found.Used("barbara@b.example")
	c := found.Collision()
	if c.Count != 1 || c.People[0].Home != "b" {
		t.Fatalf("the worker recognizes %+v among %s", c, raw)
	}
	body := asJSON(t, prospect.Evidence{At: apitest.Start, Plan: page.Digest, GuestRole: "2af84b1e-32c8-42b7-82bc-daa82404023b", Invites: "none", Collisions: []prospect.Collision{c},
		Unread: []prospect.Unread{{What: prospect.UnreadGroups, Permission: "GroupMember.Read.All"}}})
	for range 2 {
		if status, _, raw := send(t, w, "PUT", asked+"/evidence", body, as("worker-c")...); status != 200 {
			t.Fatalf("%d %s", status, raw)
		}
	}
	seen, err := w.Client(t, "c-admin").Request(t.Context(), apitest.Org, "req-b-c-1")
	if err != nil {
		t.Fatal(err)
	}
	for key, text := range map[string]string{"collision.contact": "1 have the address of a mail contact", "unread.groups": "grant GroupMember.Read.All", "invites.none": "nobody", "permissions.onlySelf": "own profile only"} {
		if !slices.ContainsFunc(seen.Summary.Notes, func(n prospect.Note) bool { return n.Key == key && strings.Contains(n.Text, text) }) {
			t.Errorf("the summary does not say %s: %+v", key, seen.Summary.Notes)
		}
	}
	if got := seen.Summary.Collisions[len(seen.Summary.Collisions)-1]; got.Kind != prospect.Contact || len(got.People) != 1 || got.People[0] != c.People[0] {
		t.Errorf("the summary names %+v", seen.Summary.Collisions)
	}

	r, err := w.Store.Request(t.Context(), apitest.Org, "req-b-c-1")
	if err != nil {
		t.Fatal(err)
	}
	r.Status = store.Rejected
	if err := w.Store.PutRequest(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if status, _, raw := send(t, w, "PUT", asked+"/evidence", `{}`, as("worker-c")...); status != 409 || !strings.Contains(raw, "rejected") {
		t.Errorf("what was seen before the answer is another thing afterwards: %d %s", status, raw)
	}
}

// TestWorkersLookInTheirTenantAlone: nobody but the asked tenant's worker looks, and it tells of nothing else.
func TestWorkersLookInTheirTenantAlone(t *testing.T) {
	t.Parallel()
	w := working(t)
	put := func(e prospect.Evidence) attack {
		return attack{"worker-c", "PUT", asked + "/evidence", asJSON(t, e), 403}
	}
	people := func(k prospect.Kind, count int, who ...ident.Person) prospect.Evidence {
		return prospect.Evidence{Collisions: []prospect.Collision{{Kind: k, Count: count, People: who}}}
	}
	bob := ident.Person{Home: "b", ID: "bob"}
	for name, a := range map[string]attack{
		"the source's worker reads":     {"worker-b", "GET", asked + "/askers", "", 403},
		"the source's worker tells":     {"worker-b", "PUT", asked + "/evidence", `{}`, 403},
		"another worker reads":          {"worker-a", "GET", asked + "/askers", "", 403},
		"another organization's worker": {"worker-elsewhere", "GET", asked + "/askers", "", 403},
		"the tenant's admin":            {"c-admin", "PUT", asked + "/evidence", `{}`, 403},
		"platform":                      {"pat", "GET", asked + "/askers", "", 403},
		"no such request":               {"worker-c", "PUT", work + "/requests/none/evidence", `{}`, 404},
		"what the plan says":            put(people(prospect.Internal, 1, bob)),
		"people of others":              put(people(prospect.Group, 1, ident.Person{Home: "a", ID: "annie"})),
		"more named than counted":       put(people(prospect.Group, 1, bob, bob)),
		"too many named":                put(people(prospect.Group, 1000, slices.Repeat([]ident.Person{bob}, prospect.Most+1)...)),
		"that nobody looked":            put(prospect.Evidence{Unread: []prospect.Unread{{What: prospect.UnreadAll, Kind: "Unavailable"}}}),
		"an unknown field":              {"worker-c", "PUT", asked + "/evidence", `{"envelope":{}}`, 422},
		"a negative place":              {"worker-c", "GET", asked + "/askers?after=-1", "", 422},
	} {
		status, p, raw := send(t, w, a.method, a.path, a.body, "Authorization", "Bearer "+apitest.Token(a.who))
		if status != a.want || p.Detail == "" || p.Remedy == "" && status != 404 || strings.Contains(raw, "bob@") {
			t.Errorf("%s: %d %s, want %d with what to do", name, status, raw, a.want)
		}
		if e, err := w.Store.Evidence(t.Context(), apitest.Org, "req-b-c-1"); ignoreMissing(err) != nil || e.GuestRole != "" || len(e.Collisions) > 0 {
			t.Errorf("%s stored %+v, %v", name, e, err)
		}
	}
}
