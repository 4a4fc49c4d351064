package api_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"entente.dev/entente/internal/api/apitest"
	"entente.dev/entente/internal/api/client"
	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/prospect"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/store/storetest"
)

// crowded is a world in which c is asked about n people of b, who were observed.
func crowded(t *testing.T, n int) (*apitest.World, store.Request) {
	t.Helper()
	w := apitest.New(t)
	r := store.Request{ID: "crowd", Org: apitest.Org, Kind: "acceptance", Share: ident.Share{Source: "b", Target: "c"}, Tenant: "c", PlanDigest: "one",
		Status: store.Waiting, Workflow: "workflow-of-crowd", People: n}
	p := storetest.Asking(n, "one")
	home := &directory.Snapshot{Tenant: "b", TenantID: "0b", TakenAt: apitest.Start, Read: directory.Collections()}
	for i, e := range p.Effects {
		p.Desired.Members = append(p.Desired.Members, e.Person.ID)
		home.Users = append(home.Users, directory.User{ID: e.Person.ID, UserPrincipalName: e.UPN, DisplayName: e.Name, Mail: fmt.Sprintf("mail%d@b.example", i),
			Department: []string{"Sales North", "Sales South", "Legal"}[i%3]})
	}
	must(t, w.Store.PutSharePlan(t.Context(), r.Org, p))
	must(t, w.Store.PutRequest(t.Context(), r))
	must(t, w.Store.PutShareStatus(t.Context(), store.ShareStatus{Org: r.Org, Share: r.Share, Phase: "waiting", UpdatedAt: apitest.Start}))
	if _, err := w.Store.PutSnapshot(t.Context(), r.Org, home, true, store.Cursor{}); err != nil {
		t.Fatal(err)
	}
	return w, r
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestThePeopleOfARequestAreSearchedAndFiltered(t *testing.T) {
	t.Parallel()
	w, r := crowded(t, 300)
	c := w.Client(t, "c-admin")
	read := func(f client.PeopleFilter, p client.Page) wire.People {
		t.Helper()
		out, err := c.RequestPeopleWhere(t.Context(), r.Org, r.ID, f, p)
		must(t, err)
		return out
	}
	first := read(client.PeopleFilter{}, client.Page{Limit: 2})
	if first.Total != 300 || len(first.People) != 2 || first.Next != "2" || len(first.Sums) != 3 {
		t.Errorf("the first page is %+v", first)
	}
	for name, q := range map[string]struct {
		filter client.PeopleFilter
		want   int
	}{
		"name":       {client.PeopleFilter{Search: "PERSON 17"}, 11},
		"mail":       {client.PeopleFilter{Search: "mail29@"}, 1},
		"action":     {client.PeopleFilter{Action: "skip"}, 3},
		"standing":   {client.PeopleFilter{From: "guest"}, 30},
		"all three":  {client.PeopleFilter{Search: "person 1", Action: "convert", From: "guest"}, 11},
		"nobody":     {client.PeopleFilter{Search: "nobody"}, 0},
		"by rule":    {client.PeopleFilter{Rule: "department:sales*"}, 200},
		"both":       {client.PeopleFilter{Rule: "department:*north", Search: "person 29"}, 3},
		"the middle": {client.PeopleFilter{Rule: "mail:*29*@b.example"}, 13},
	} {
		out := read(q.filter, client.Page{Limit: 1000})
		if len(out.People) != q.want || out.Total != 300 || out.Next != "" {
			t.Errorf("%s: %d people of %d, want %d of 300", name, len(out.People), out.Total, q.want)
		}
	}
	ruled := read(client.PeopleFilter{Rule: "department:legal"}, client.Page{Limit: 7})
	if ruled.Fit != 100 || len(ruled.People) != 7 || ruled.Next == "" {
		t.Errorf("a rule fits %d, shows %d, next %q; want 100, 7 and a next page", ruled.Fit, len(ruled.People), ruled.Next)
	}
	for _, rule := range []string{"department", "height:tall", "department:", "name:*", "name: ** "} {
		_, err := c.RequestPeopleWhere(t.Context(), r.Org, r.ID, client.PeopleFilter{Rule: rule}, client.Page{})
		wants(t, err, 400)
	}
	_, err := c.RequestPeopleWhere(t.Context(), r.Org, r.ID, client.PeopleFilter{}, client.Page{After: "-1"})
	wants(t, err, 400, "cursor")
}

func TestARequestSaysWhatAYesWouldMean(t *testing.T) {
	t.Parallel()
	w, r := crowded(t, 300)
	must(t, w.Store.PutEvidence(t.Context(), r.Org, r.ID, prospect.Evidence{At: apitest.Start, GuestRole: "2af84b1e-32c8-42b7-82bc-daa82404023b",
		Collisions: []prospect.Collision{{Kind: prospect.Contact, Count: 1, People: []ident.Person{{Home: "b", ID: "id-0000001"}}}}}))
	got, err := w.Client(t, "c-admin").Request(t.Context(), r.Org, r.ID)
	must(t, err)
	want := prospect.Standing{New: 267, Guests: 30, Converts: 30, Skipped: 3}
	if diff := cmp.Diff(want, got.Summary.Standing); diff != "" {
		t.Errorf("standing -want +got\n%s", diff)
	}
	var keys []string
	for _, n := range got.Summary.Notes {
		keys = append(keys, n.Key)
	}
	if want := []string{"collision.internal", "collision.contact", "directory.unseen", "permissions.member", "permissions.onlySelf", "licence", "time.cycle"}; !slices.Equal(keys, want) {
		t.Errorf("notes %v, want %v", keys, want)
	}
	if c := got.Summary.Collisions; len(c) != 2 || c[0].Count != 3 || len(c[0].People) != 3 {
		t.Errorf("collisions %+v", c)
	}
}

func TestWhoIsLeftOutIsCountedOnce(t *testing.T) {
	t.Parallel()
	w, r := crowded(t, 300)
	c := w.Client(t, "c-admin")
	rules := []plan.ExclusionRule{{Field: "department", Match: "Sales*", Reason: "no sales"}, {Field: "upn", Match: "person000000*"}}
	for _, bad := range []plan.ExclusionRule{{Field: "height", Match: "x"}, {Field: "upn", Match: " "}, {Field: "upn", Match: "*"}} {
		_, err := c.Approve(t.Context(), r.Org, r.ID, wire.Approve{Rules: append(rules, bad)})
		wants(t, err, 400, "body.rules[2]")
	}
	in := wire.Approve{Exclusions: []string{"person0000000@b.example", "Person0000002@b.example", "PERSON0000002@b.example"}, ExclusionReason: "left", Rules: rules, PlanDigest: "one"}
	_, err := c.Approve(t.Context(), r.Org, r.ID, in)
	must(t, err)
	d := w.Control.Decisions[0]
	if d.Excluded != 203 { // 200 in sales; of the first ten, three in legal
		t.Errorf("%d are left out, want 203", d.Excluded)
	}
	if len(d.Exclusions) != 2 || d.Exclusions[0].Reason != "left" || len(d.Rules) != 2 || d.Subject != "token/c-admin" {
		t.Errorf("the decision is %+v", d)
	}
}

func TestAnAnswerToAnOlderPlanShowsWhatChanged(t *testing.T) {
	t.Parallel()
	w, r := crowded(t, 200)
	now := storetest.Asking(199, "two") // the last one asks no longer
	now.Effects[0].Action, now.Effects[0].From = plan.Adopt, "guest"
	for i := range 60 {
		e := now.Effects[1]
		e.Person.ID, e.UPN = fmt.Sprint("late-", i), fmt.Sprintf("late%02d@b.example", i)
		now.Effects = append(now.Effects, e)
	}
	must(t, w.Store.PutSharePlan(t.Context(), r.Org, now))
	r.PlanDigest = "two"
	must(t, w.Store.PutRequest(t.Context(), r))
	c := w.Client(t, "c-admin")
	_, err := c.Approve(t.Context(), r.Org, r.ID, wire.Approve{PlanDigest: "one"})
	wants(t, err, 409, "look at the request again")
	var p *wire.Problem
	if !errors.As(err, &p) || p.Difference == nil {
		t.Fatalf("got %+v, want a difference", p)
	}
	d := p.Difference
	if d.AddedCount != 60 || len(d.Added) != 50 || d.Added[0] != "late00@b.example" || d.RemovedCount != 1 || d.Removed[0] != "Person0000199@b.example" ||
		d.ChangedCount != 1 || d.Changed[0] != (wire.Change{UPN: "Person0000000@b.example", Before: "create: absent to member", Now: "convert: guest to member"}) {
		t.Errorf("the difference is %+v", d)
	}
	_, err = c.Approve(t.Context(), r.Org, r.ID, wire.Approve{PlanDigest: "made-up"})
	wants(t, err, 409, "not stored")
	if len(w.Control.Decisions) > 0 {
		t.Error("something was decided")
	}
}

// TestWhatAWorkflowRefuses: who asks may not answer, nobody answers twice; the status says whose refusal it is.
func TestWhatAWorkflowRefuses(t *testing.T) {
	t.Parallel()
	w, r := crowded(t, 3)
	c := w.Client(t, "c-admin")
	for kind, status := range map[problem.Kind]int{problem.Forbidden: 403, problem.Conflict: 409, problem.Stale: 409, problem.Invalid: 400, problem.NotFound: 404, problem.Unavailable: 503} {
		w.Control.Refuse = problem.New(kind, "decide on a request", "said by the workflow")
		_, err := c.Approve(t.Context(), r.Org, r.ID, wire.Approve{})
		wants(t, err, status, "said by the workflow")
		_, err = c.Reject(t.Context(), r.Org, r.ID, "no")
		wants(t, err, status, "said by the workflow")
		_, err = c.Revoke(t.Context(), r.Org, r.Share, wire.Revoke{Mode: contract.Freeze, Reason: "x"})
		wants(t, err, status, "said by the workflow")
	}
}

func TestOnlyTheTargetTakesItsYesBack(t *testing.T) {
	t.Parallel()
	w := applied(t)
	share := ident.Share{Source: "b", Target: "c"}
	in := wire.Revoke{Mode: contract.Freeze, Reason: "audit"}
	for _, who := range []string{"pat", "a-admin", "b-admin", "vera", "elsewhere"} {
		_, err := w.Client(t, who).Revoke(t.Context(), apitest.Org, share, in)
		wants(t, err, 403)
	}
	c := w.Client(t, "c-admin")
	_, err := c.Revoke(t.Context(), apitest.Org, share, wire.Revoke{Mode: contract.Freeze, Reason: " "})
	wants(t, err, 400, "reason")
	_, err = c.Revoke(t.Context(), apitest.Org, share, wire.Revoke{Mode: "shrug", Reason: "x"})
	wants(t, err, 422)
	if len(w.Control.Revokes) > 0 {
		t.Fatal("something was taken back")
	}
	out, err := c.Revoke(t.Context(), apitest.Org, share, in)
	if err != nil || out.Phase != wire.PhaseFrozen || w.Control.Revokes[0] != (contract.RevokeCommand{Mode: contract.Freeze, By: "c-admin", Subject: "token/c-admin", Reason: "audit"}) {
		t.Errorf("got %+v, %v, told %+v", out, err, w.Control.Revokes)
	}
	ledger, err := c.Ledger(t.Context(), apitest.Org, client.Page{})
	must(t, err)
	last := ledger.Entries[len(ledger.Entries)-1]
	if last.Verb != "order-revoke-freeze" || last.Data["subject"] != "token/c-admin" || last.Data["reason"] != "audit" {
		t.Errorf("the ledger has %+v", last)
	}
	if out, err = c.Revoke(t.Context(), apitest.Org, share, wire.Revoke{Mode: contract.DrainShare, Reason: "audit"}); err != nil || out.Phase != "stopping" {
		t.Errorf("drain: %+v, %v", out, err)
	}
}

func TestABlockEndsInTwoSteps(t *testing.T) {
	t.Parallel()
	w := applied(t)
	c := w.Client(t, "c-admin")
	in := wire.NewHold{Person: "bob@b.example", Tenant: "c", Kind: "blocked", Reason: "left", Until: apitest.Start.Add(time.Hour)}
	h, err := c.Hold(t.Context(), apitest.Org, in)
	if err != nil || h.At.IsZero() || h.State != "inForce" || !h.Until.Equal(in.Until) {
		t.Fatalf("got %+v, %v", h, err)
	}
	in.Until = apitest.Start
	_, err = c.Hold(t.Context(), apitest.Org, in)
	wants(t, err, 400, "over already")
	if h, err = c.Release(t.Context(), apitest.Org, "bob@b.example", "c"); err != nil || h.State != "ending" || h.Ended.IsZero() {
		t.Fatalf("released: %+v, %v", h, err)
	}
	left, err := c.Holds(t.Context(), apitest.Org)
	if err != nil || len(left.Holds) != 1 || left.Holds[0].State != "ending" {
		t.Errorf("the list is %+v, %v", left, err)
	}
	_, err = c.Release(t.Context(), apitest.Org, "bob@b.example", "c")
	wants(t, err, 404)
	ledger, err := c.Ledger(t.Context(), apitest.Org, client.Page{})
	if err != nil || len(ledger.Entries) != 2 || ledger.Entries[0].Data["subject"] != "token/c-admin" || ledger.Entries[1].Data["kind"] != "blocked" {
		t.Errorf("the ledger has %+v, %v", ledger.Entries, err)
	}
	if got := w.Control.Changed; len(got) != 2 {
		t.Errorf("told %v, want once for each", got)
	}
	// Blocked before arriving: nobody has seen this person yet, and they are held all the same.
	if _, err := c.Hold(t.Context(), apitest.Org, wire.NewHold{Person: "a/nobody-yet", Tenant: "c", Kind: "blocked", Reason: "before they come"}); err != nil {
		t.Errorf("a hold before arriving: %v", err)
	}
}

func TestTheSubjectOfAnApplyIsHandedOver(t *testing.T) {
	t.Parallel()
	w := applied(t)
	if got := w.Control.Applied[0].Subject; got != "token/pat" {
		t.Errorf("the subject is %q", got)
	}
}

func TestWhatHasStoppedIsNotStoppedAgain(t *testing.T) {
	t.Parallel()
	w := applied(t)
	pat := w.Client(t, "pat")
	share := ident.Share{Source: "b", Target: "c"}
	for range 2 {
		if _, err := pat.Stop(t.Context(), apitest.Org, share, "over"); err != nil {
			t.Fatal(err)
		}
	}
	again, err := pat.Stop(t.Context(), apitest.Org, share, "over")
	if err != nil || again.Phase != wire.PhaseStopped || len(w.Control.Stops) != 1 {
		t.Errorf("got %+v, %v with %d commands", again, err, len(w.Control.Stops))
	}
}

// TestATenantOutOfReachIsSaidOfTheTenantToo: also one that never reported, because nobody serves it.
func TestATenantOutOfReachIsSaidOfTheTenantToo(t *testing.T) {
	t.Parallel()
	w := applied(t)
	trouble := func(tenant ident.Tenant) *problem.Error {
		return &problem.Error{Kind: problem.Unavailable, Op: "reach the tenant", Tenant: string(tenant), Detail: "nobody serves it"}
	}
	for i, s := range []ident.Share{{Source: "b", Target: "z"}, {Source: "b", Target: "c"}} {
		must(t, w.Store.PutShareStatus(t.Context(), store.ShareStatus{Org: apitest.Org, Share: s, Stamp: store.Stamp{Run: 100 + i}, Phase: "blocked",
			Problem: trouble(s.Target), UpdatedAt: apitest.Start}))
	}
	status, err := w.Client(t, "pat").Status(t.Context(), apitest.Org)
	must(t, err)
	told := map[ident.Tenant]bool{}
	for _, tenant := range status.Tenants {
		told[tenant.Tenant] = tenant.Problem != nil
	}
	if diff := cmp.Diff(map[ident.Tenant]bool{"a": false, "b": false, "c": true, "z": true}, told); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
