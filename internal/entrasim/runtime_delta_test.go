package entrasim_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"entente.dev/entente/internal/entrasim"
	"entente.dev/entente/internal/entrasim/faults"
	"entente.dev/entente/internal/entrasim/world"
)

// rounds follows next links of a delta round and returns the pages.
func (c *caller) rounds(path string) (pages []*answer, deltaLink string) {
	c.t.Helper()
	for {
		got := c.get(path)
		pages = append(pages, got)
		next, delta := got.text("@odata.nextLink"), got.text("@odata.deltaLink")
		if (next == "") == (delta == "") {
			c.t.Fatalf("a page has a nextLink or a deltaLink, never both: %s", got.raw)
		}
		if delta != "" {
			return pages, delta
		}
		if len(pages) > 500 {
			c.t.Fatal("the round does not end")
		}
		path = next
	}
}

func items(pages []*answer) (out []object) {
	for _, p := range pages {
		out = append(out, p.value()...)
	}
	return out
}

func TestRuntime34_DeltaTokenLife(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	a := s.as("a")
	_, link := a.rounds("/users/delta?$select=displayName")
	s.advance(7*24*time.Hour - time.Minute)
	_, younger := a.rounds(link)
	s.advance(2 * time.Minute)
	if got := a.do("GET", link, nil, 400); got.code() != "syncStateNotFound" {
		t.Errorf("%s", got.raw)
	}
	a.get(younger) // its own seven days
	s.set("delta-expiry", "410")
	got := a.do("GET", link, nil, 410)
	if got.code() != "syncStateNotFound" || !strings.HasSuffix(got.header.Get("Location"), "/users/delta?$deltatoken=") {
		t.Errorf("%s %v", got.raw, got.header)
	}
	s.set("delta-reset", "now")
	got = a.do("GET", younger, nil, 410)
	again, fresh := a.rounds(got.header.Get("Location"))
	if n := len(items(again)); n != 21 {
		t.Errorf("the full round after a reset has %d users", n)
	}
	a.get(fresh)
	s.fault(faults.Rule{ID: "r", Match: faults.Match{Route: "/users/delta"}, Max: 1, Effect: faults.Effect{Kind: faults.DeltaReset}})
	if got := a.do("GET", fresh, nil, 410); got.header.Get("Location") == "" {
		t.Errorf("%v", got.header)
	}
	a.get(fresh)
	if got := a.do("GET", a.BaseURL()+"/v1.0/users/delta?$deltatoken=nonsense", nil, 400); got.code() == "" {
		t.Errorf("%s", got.raw)
	}
	if pages, _ := a.rounds("/users/delta?$deltatoken=latest"); len(items(pages)) != 0 {
		t.Error("latest begins with data")
	}
}

func TestRuntime34_DeltaOptions(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	a := s.as("a")
	annie := a.get("/users/annie@a.example").text("id")
	for _, query := range []string{"$expand=manager", "$top=5", "$orderby=displayName", "$filter=displayName eq 'x'", "$search=\"displayName:x\""} {
		a.do("GET", "/users/delta?"+query, nil, 400)
	}
	var ors []string
	for i := range 51 {
		ors = append(ors, fmt.Sprintf("id eq '%08d-0000-4000-8000-000000000000'", i))
	}
	a.do("GET", "/users/delta?$filter="+strings.Join(ors, " or "), nil, 400)
	pages, link := a.rounds("/users/delta?$select=displayName,manager&$filter=id eq '" + annie + "' or id eq '" + annie + "'")
	if got := items(pages); len(got) != 1 || got[0]["id"] != annie || got[0]["mail"] != nil {
		t.Errorf("%v", got)
	}
	a.do("PATCH", "/users/"+annie, object{"displayName": "Annie A", "mobilePhone": "1"}, 204)
	a.header.Set("Prefer", "return=minimal")
	pages, link = a.rounds(link)
	if diff := cmp.Diff([]object{{"id": annie, "displayName": "Annie A"}}, items(pages)); diff != "" {
		t.Error(diff)
	}
	a.do("PATCH", "/users/"+annie, object{"mobilePhone": "2"}, 204)
	if pages, _ = a.rounds(link); len(items(pages)) != 0 {
		t.Errorf("a property that is not selected is tracked: %v", items(pages))
	}
}

func TestRuntime34_ChangedAndDeleted(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	b := s.as("b")
	bob := b.get("/users/bob@b.example").text("id")
	group := b.get("/groups?$filter=displayName eq 'Collaboration'").value()[0]["id"].(string)
	_, users := b.rounds("/users/delta?$select=displayName")
	_, groups := b.rounds("/groups/delta?$select=displayName,members&$filter=id eq '" + group + "'")
	reason := func(list []object) any {
		if len(list) != 1 || list[0]["id"] != bob {
			t.Fatalf("%v", list)
		}
		r, _ := list[0]["@removed"].(object)
		return r["reason"]
	}
	b.do("DELETE", "/users/"+bob, nil, 204)
	var pages []*answer
	pages, users = b.rounds(users)
	if r := reason(items(pages)); r != "changed" {
		t.Errorf("a soft-deleted user is removed for %v", r)
	}
	pages, groups = b.rounds(groups)
	if got := items(pages); len(got) != 0 {
		t.Errorf("a soft-deleted user shows in members@delta: %v", got)
	}
	b.do("POST", "/directory/deletedItems/"+bob+"/restore", nil, 200)
	pages, users = b.rounds(users)
	if r := reason(items(pages)); r != nil {
		t.Errorf("a restored user is removed for %v", r)
	}
	b.do("DELETE", "/users/"+bob, nil, 204)
	b.do("DELETE", "/directory/deletedItems/"+bob, nil, 204)
	pages, _ = b.rounds(users)
	if r := reason(items(pages)); r != "deleted" {
		t.Errorf("a purged user is removed for %v", r)
	}
	pages, _ = b.rounds(groups)
	got := items(pages)
	want := []any{object{"@odata.type": "#microsoft.graph.user", "id": bob, "@removed": object{"reason": "deleted"}}}
	if len(got) != 1 {
		t.Fatalf("%v", got)
	}
	if diff := cmp.Diff(want, got[0]["members@delta"]); diff != "" {
		t.Error(diff)
	}
}

func TestRuntime34_ReplaysEmptyPagesAndOrder(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	a := s.as("a")
	all := column(a.get("/users?$select=id&$top=999").value(), "id")
	for name, value := range map[string]string{"delta-page": "4", "delta-empty": "true", "delta-replays": "true", "delta-shuffle": "true"} {
		s.set(name, value)
	}
	pages, link := a.rounds("/users/delta?$select=displayName")
	if len(pages[0].value()) != 0 {
		t.Error("the first page is not empty")
	}
	if n := len(items(pages)); n != len(all) {
		t.Errorf("%d users in the first round", n)
	}
	for i, id := range all {
		a.do("PATCH", "/users/"+id, object{"displayName": fmt.Sprint("Name ", i)}, 204)
	}
	pages, _ = a.rounds(link)
	got := column(items(pages), "id")
	seen := map[string]int{}
	for _, id := range got {
		seen[id]++
	}
	if len(seen) != len(all) || len(got) <= len(all) {
		t.Errorf("%d changes of %d users; all are due, some twice", len(got), len(seen))
	}
	if slices.Equal(slices.Compact(slices.Clone(got)), all) {
		t.Error("changes come in the order of the directory")
	}
}

func TestRuntime34_LargeGroupComesInParts(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *entrasim.Options) {
		w := world.ThreeTenants(30)
		w.Tenants[0].Groups = append(w.Tenants[0].Groups, world.Group{Name: "Dynamic", Rule: `(user.userType -eq "Member")`})
		o.World = w
	})
	s.set("delta-page", "2")
	a := s.as("a")
	pages, _ := a.rounds("/groups/delta?$select=displayName,members")
	parts, members := 0, map[any]bool{}
	for _, g := range items(pages) {
		if g["displayName"] == "Dynamic" {
			parts++
			for _, m := range g["members@delta"].([]any) {
				members[m.(object)["id"]] = true
			}
		}
	}
	if parts < 2 || len(members) != 31 {
		t.Errorf("%d members in %d parts", len(members), parts)
	}
}

func TestRuntime34_PageFaults(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	a := s.as("a")
	want, _ := a.all("/users?$select=id&$top=5")
	for _, kind := range []string{faults.Duplicate, faults.Reorder} {
		s.fault(faults.Rule{ID: kind, Match: faults.Match{Method: "GET", Route: "/users", Tenant: "a"}, Min: 3, Effect: faults.Effect{Kind: kind}})
		got, _ := a.all("/users?$select=id&$top=5")
		ids := column(got, "id")
		set := map[string]bool{}
		for _, id := range ids {
			set[id] = true
		}
		if len(set) != len(want) || (kind == faults.Duplicate) != (len(ids) > len(want)) || slices.Equal(ids, column(want, "id")) {
			t.Errorf("%s: %d items, %d different, of %d", kind, len(ids), len(set), len(want))
		}
		if err := s.Admin().CheckFaults(t.Context()); err != nil {
			t.Error(err)
		}
		if err := s.Admin().ClearFaults(t.Context(), kind); err != nil {
			t.Fatal(err)
		}
	}
	a.do("PATCH", "/users/annie@a.example", object{"city": "Lund"}, 204)
	s.fault(faults.Rule{ID: "flap", Match: faults.Match{Method: "GET", Route: "/users/{id}", Nth: 2}, Effect: faults.Effect{Kind: faults.Stale}})
	s.fault(faults.Rule{ID: "token", Match: faults.Match{Method: "GET", Route: "/groups"}, Max: 1, Effect: faults.Effect{Kind: faults.ExpiredToken}})
	var cities []any
	for range 3 {
		cities = append(cities, a.get("/users/annie@a.example?$select=city").body["city"])
	}
	if diff := cmp.Diff([]any{"Lund", nil, "Lund"}, cities); diff != "" {
		t.Error(diff)
	}
	if got := a.do("GET", "/groups", nil, 401); got.code() != "InvalidAuthenticationToken" || got.header.Get("WWW-Authenticate") == "" {
		t.Errorf("%s", got.raw)
	}
	a.get("/groups")
}
