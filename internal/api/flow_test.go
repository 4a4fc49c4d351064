package api_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"entente.dev/entente/internal/api/apitest"
	"entente.dev/entente/internal/api/client"
	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
)

var file = wire.Topology{File: "three.yaml", Text: apitest.Topology}

// applied is a world whose topology was handed over.
func applied(t *testing.T) *apitest.World {
	t.Helper()
	w := apitest.New(t)
	if _, err := w.Client(t, "pat").Apply(t.Context(), wire.Apply{File: file.File, Text: file.Text}); err != nil {
		t.Fatal(err)
	}
	return w
}

// wants fails unless err is a problem of that status whose text has all words.
func wants(t *testing.T, err error, status int, words ...string) {
	t.Helper()
	var p *wire.Problem
	if !errors.As(err, &p) {
		t.Errorf("got %v, want a problem", err)
		return
	}
	text := p.Error() + fmt.Sprint(p.Errors)
	for _, word := range words {
		if !strings.Contains(text, word) {
			t.Errorf("%q does not say %q", text, word)
		}
	}
	if p.Status != status {
		t.Errorf("got %d (%s), want %d", p.Status, text, status)
	}
}

func TestPlanShowsEveryChangeAndEveryPerson(t *testing.T) {
	t.Parallel()
	w := apitest.New(t)
	p, err := w.Client(t, "pat").Plan(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Shares) != 6 || len(p.Changes) != 36 || len(p.Effects) != 8 || !p.Pending || p.Digest == "" {
		t.Errorf("got %d shares, %d changes, %d effects, pending %v", len(p.Shares), len(p.Changes), len(p.Effects), p.Pending)
	}
	again, err := w.Client(t, "vera").StoredPlan(t.Context(), apitest.Org, p.Digest)
	if err != nil || again.Digest != p.Digest || len(again.Effects) != 8 {
		t.Errorf("the stored plan: %v, %d effects", err, len(again.Effects))
	}
	_, err = w.Client(t, "c-admin").StoredPlan(t.Context(), apitest.Org, p.Digest)
	wants(t, err, 403, "c-admin")
	if len(w.Control.Applied) > 0 {
		t.Error("a plan applied something")
	}
}

func TestApplyIsRefusedAsAWhole(t *testing.T) {
	t.Parallel()
	w := apitest.New(t)
	w.Control.Fatal = true
	_, err := w.Client(t, "pat").Apply(t.Context(), wire.Apply{File: file.File, Text: file.Text})
	wants(t, err, 400, "three.yaml:10:5", "group-not-found", "create the group")
	if len(w.Control.Applied) > 0 {
		t.Error("something was applied")
	}
}

func TestApplyOfAStalePlanSaysWhatChanged(t *testing.T) {
	t.Parallel()
	w := apitest.New(t)
	pat := w.Client(t, "pat")
	seen, err := pat.Plan(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	w.Control.Finish(t.Context())
	_, err = pat.Apply(t.Context(), wire.Apply{File: file.File, Text: file.Text, PlanDigest: seen.Digest})
	wants(t, err, 409, "no longer", "bob@b.example", ident.Short(seen.Digest))
	if problem.KindOf(err) != problem.Stale || len(w.Control.Applied) > 0 {
		t.Errorf("got %v with %d applied", err, len(w.Control.Applied))
	}
	_, err = pat.Apply(t.Context(), wire.Apply{File: file.File, Text: file.Text, PlanDigest: "made-up"})
	wants(t, err, 409, "not stored here")
}

func TestApplyHandsOverTenantsSharesAndPace(t *testing.T) {
	t.Parallel()
	w := apitest.New(t)
	text := apitest.Topology + "defaults:\n  observe: { every: 2s }\n"
	ctx := client.WithKey(t.Context(), "one-command")
	for range 2 { // the second is the same command
		if _, err := w.Client(t, "pat").Apply(ctx, wire.Apply{File: "t.yaml", Text: text}); err != nil {
			t.Fatal(err)
		}
	}
	if len(w.Control.Applied) != 1 {
		t.Fatalf("applied %d times, want once: the key is the same", len(w.Control.Applied))
	}
	in := w.Control.Applied[0]
	if len(in.Tenants) != 3 || len(in.Shares) != 6 || in.By != "pat" || in.TopologyDigest == "" || in.PlanDigest == "" {
		t.Errorf("handed over %+v", in)
	}
	if in.Pace.Every != 2*time.Second || in.Pace.Poll != 2*time.Second {
		t.Errorf("pace %+v, want 2s both", in.Pace)
	}
}

func TestOnlyTheTargetsAdminDecides(t *testing.T) {
	t.Parallel()
	w := applied(t)
	in := wire.Approve{MaxUsers: 10, ExistingGuests: "convert", Exclusions: []string{"BARBARA@b.example"}, ExpiresAfter: "90d", Reason: "fine"}
	for _, who := range []string{"pat", "a-admin", "b-admin", "vera", "elsewhere"} {
		_, err := w.Client(t, who).Approve(t.Context(), apitest.Org, "req-b-c-1", in)
		wants(t, err, 403)
		_, err = w.Client(t, who).Reject(t.Context(), apitest.Org, "req-b-c-1", "no")
		wants(t, err, 403)
	}
	if len(w.Control.Decisions) > 0 {
		t.Fatal("somebody else decided")
	}
	c := w.Client(t, "c-admin")
	_, err := c.Approve(t.Context(), apitest.Org, "req-b-c-1", wire.Approve{PlanDigest: "another"})
	wants(t, err, 409, "look at the request again")
	_, err = c.Approve(t.Context(), apitest.Org, "req-b-c-1", wire.Approve{Exclusions: []string{"nobody@b.example"}})
	wants(t, err, 400, "nobody@b.example")
	_, err = c.Approve(t.Context(), apitest.Org, "req-b-c-1", wire.Approve{ExpiresAfter: "soon"})
	wants(t, err, 400, "soon", "90d")
	_, err = c.Reject(t.Context(), apitest.Org, "req-b-c-1", " ")
	wants(t, err, 400, "reason")
	decided, err := c.Approve(t.Context(), apitest.Org, "req-b-c-1", in)
	if err != nil || decided.Status != string(store.Approved) {
		t.Fatalf("got %+v, %v", decided, err)
	}
	d := w.Control.Decisions[0]
	if d.By != "c-admin" || d.MaxUsers != 10 || d.ExistingGuests != "convert" || d.ExpiresAfter != 90*24*time.Hour || d.PlanDigest == "" ||
		len(d.Exclusions) != 1 || d.Exclusions[0].Person != (ident.Person{Home: "b", ID: "id-barbara"}) {
		t.Errorf("the decision is %+v", d)
	}
	_, err = c.Approve(t.Context(), apitest.Org, "req-b-c-1", in)
	wants(t, err, 409, "approved already by c-admin")
}

func TestWhoSeesWhat(t *testing.T) {
	t.Parallel()
	w := applied(t)
	c := w.Client(t, "c-admin")
	_, err := c.RequestPeople(t.Context(), apitest.Org, "req-a-b-1", client.Page{})
	wants(t, err, 403)
	_, err = c.Request(t.Context(), apitest.Org, "made-up")
	wants(t, err, 403) // the same answer as for what exists: ids are not to be guessed
	people, err := c.RequestPeople(t.Context(), apitest.Org, "req-b-c-1", client.Page{Limit: 1})
	if err != nil || people.Total != 2 || len(people.People) != 1 || people.Next == "" {
		t.Fatalf("first page %+v, %v", people, err)
	}
	rest, err := c.RequestPeople(t.Context(), apitest.Org, "req-b-c-1", client.Page{After: people.Next})
	if err != nil || len(rest.People) != 1 || rest.Next != "" || rest.People[0].Action != plan.Adopt {
		t.Errorf("second page %+v, %v", rest, err)
	}
	requests, err := c.Requests(t.Context(), apitest.Org, client.RequestFilter{})
	if err != nil || len(requests.Requests) != 4 {
		t.Errorf("c sees %d requests (%v), want the 4 that c is a side of", len(requests.Requests), err)
	}
	status, err := c.Status(t.Context(), apitest.Org)
	if err != nil || len(status.Shares) != 4 || len(status.Tenants) != 1 {
		t.Errorf("c sees %d shares and %d tenants (%v), want 4 and 1", len(status.Shares), len(status.Tenants), err)
	}
	cover, err := c.CoverageAll(t.Context(), apitest.Org, "annie")
	if err != nil || len(cover.Rows) != 1 {
		t.Fatalf("c's view of annie: %+v, %v", cover, err)
	}
	if cell := cover.Rows[0].Cells[1]; cell.Representation != "" {
		t.Errorf("c sees how annie stands in b: %+v", cell)
	}
	if cover.Totals.Wanted != 9 { // charlie in 3, and each of 3 others at home and in c
		t.Errorf("c's totals count %d cells, want 9", cover.Totals.Wanted)
	}
	orgs, err := w.Client(t, "elsewhere").Organizations(t.Context())
	if err != nil || len(orgs) != 0 {
		t.Errorf("the platform role of another organization sees %v (%v)", orgs, err)
	}
}

func TestCoveragePages(t *testing.T) {
	t.Parallel()
	w := applied(t)
	for _, who := range []string{"pat", "c-admin"} {
		var got []string
		after := ""
		for range 10 {
			page, err := w.Client(t, who).Coverage(t.Context(), apitest.Org, "", client.Page{After: after, Limit: 3})
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range page.Rows {
				got = append(got, row.Name)
			}
			if after = page.Next; after == "" {
				break
			}
		}
		if strings.Join(got, " ") != "Annie Barbara Bob Charlie" {
			t.Errorf("%s reads %v", who, got)
		}
	}
}

func TestATenantsProblemStandsOnItsShares(t *testing.T) {
	t.Parallel()
	w := applied(t)
	w.Control.Trouble(t.Context(), "b", &problem.Error{Kind: problem.Forbidden, Op: "list users", Tenant: "b", Code: "Authorization_RequestDenied", Remedy: "grant User.Read.All"})
	status, err := w.Client(t, "pat").Status(t.Context(), apitest.Org)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range status.Shares {
		touches := s.Share.Source == "b" || s.Share.Target == "b"
		if touches != (len(s.Problems) == 1) {
			t.Errorf("%s shows %v", s.Share, s.Problems)
		}
	}
	if status.InSync {
		t.Error("in sync in spite of a problem")
	}
}

func TestHoldAndRelease(t *testing.T) {
	t.Parallel()
	w := applied(t)
	c := w.Client(t, "c-admin")
	in := wire.NewHold{Person: "bob@b.example", Tenant: "c", Reason: "left the project"}
	_, err := w.Client(t, "a-admin").Hold(t.Context(), apitest.Org, in)
	wants(t, err, 403)
	_, err = c.Hold(t.Context(), apitest.Org, wire.NewHold{Person: "nobody@b.example", Tenant: "c", Reason: "x"})
	wants(t, err, 404, "user principal name")
	_, err = c.Hold(t.Context(), apitest.Org, wire.NewHold{Person: "charlie@c.example", Tenant: "c", Reason: "x"})
	wants(t, err, 400, "lives in tenant c")
	h, err := c.Hold(t.Context(), apitest.Org, in)
	if err != nil || h.Person != (ident.Person{Home: "b", ID: "id-bob"}) || h.Kind != "keepOut" || h.By != "c-admin" {
		t.Fatalf("got %+v, %v", h, err)
	}
	if got := fmt.Sprint(w.Control.Changed); got != "[b→c]" {
		t.Errorf("told %s", got)
	}
	_, err = w.Client(t, "pat").Release(t.Context(), apitest.Org, "bob@b.example", "c")
	wants(t, err, 403, "admin of tenant c")
	if _, err = c.Release(t.Context(), apitest.Org, "bob@b.example", "c"); err != nil {
		t.Fatal(err)
	}
	left, err := c.Holds(t.Context(), apitest.Org)
	if err != nil || len(left.Holds) != 0 {
		t.Errorf("still held: %+v, %v", left, err)
	}
	ledger, err := c.Ledger(t.Context(), apitest.Org, client.Page{})
	if err != nil || len(ledger.Entries) != 2 || ledger.Entries[0].Verb != "hold" || ledger.Entries[1].Verb != "release" {
		t.Errorf("the ledger has %+v, %v", ledger.Entries, err)
	}
	if strings.Contains(fmt.Sprint(ledger.Entries), "bob@") {
		t.Error("the ledger holds a person's address")
	}
}

// TestOnlyTheTargetReplacesItsHold: the platform may hold anybody, and it cannot end a target's hold by another one.
func TestOnlyTheTargetReplacesItsHold(t *testing.T) {
	t.Parallel()
	w := applied(t)
	c, pat := w.Client(t, "c-admin"), w.Client(t, "pat")
	own := wire.NewHold{Person: "bob@b.example", Tenant: "c", Kind: "blocked", Reason: "under investigation"}
	if _, err := c.Hold(t.Context(), apitest.Org, own); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"keepOut", "blocked"} {
		_, err := pat.Hold(t.Context(), apitest.Org, wire.NewHold{Person: "bob@b.example", Tenant: "c", Kind: kind, Reason: "soon over", Until: apitest.Start.AddDate(100, 0, 0)})
		wants(t, err, 403, "only an admin of tenant c")
	}
	kept, err := w.Store.Holds(t.Context(), apitest.Org)
	if err != nil || len(kept) != 1 || kept[0].By != "c-admin" || !kept[0].Until.IsZero() {
		t.Errorf("the target's hold is now %+v, %v", kept, err)
	}
	if _, err := c.Release(t.Context(), apitest.Org, "bob@b.example", "c"); err != nil {
		t.Fatal(err)
	}
	_, err = pat.Hold(t.Context(), apitest.Org, wire.NewHold{Person: "bob@b.example", Tenant: "c", Reason: "before it is undone"})
	wants(t, err, 403, "still undoes")
	own.Kind = "keepOut"
	if _, err := c.Hold(t.Context(), apitest.Org, own); err != nil {
		t.Errorf("the target itself: %v", err)
	}
	if _, err := pat.Hold(t.Context(), apitest.Org, wire.NewHold{Person: "barbara@b.example", Tenant: "c", Reason: "contract ended"}); err != nil {
		t.Errorf("the platform holds somebody who is not held: %v", err)
	}
}

func TestRestoreFindsEveryShareThatTookAPersonOut(t *testing.T) {
	t.Parallel()
	w := applied(t)
	w.Control.Leave(t.Context())
	_, err := w.Client(t, "c-admin").Restore(t.Context(), apitest.Org, wire.Restore{User: "barbara@b.example"})
	wants(t, err, 403) // one of the two is not c's to restore, so neither is
	_, err = w.Client(t, "pat").Restore(t.Context(), apitest.Org, wire.Restore{})
	wants(t, err, 400)
	_, err = w.Client(t, "pat").Restore(t.Context(), apitest.Org, wire.Restore{User: "bob@b.example"})
	wants(t, err, 404)
	if len(w.Control.Restores) > 0 {
		t.Fatal("something was restored")
	}
	out, err := w.Client(t, "pat").Restore(t.Context(), apitest.Org, wire.Restore{User: "Barbara@b.example", Reason: "back"})
	if err != nil || len(out.Restores) != 2 || len(w.Control.Restores) != 2 || len(w.Control.Restores[0].People) != 1 {
		t.Fatalf("got %+v, %v, told %+v", out, err, w.Control.Restores)
	}
	_, err = w.Client(t, "pat").Restore(t.Context(), apitest.Org, wire.Restore{ReductionID: "red-b-a"})
	wants(t, err, 409, "back already")
}

func TestStopAndRevert(t *testing.T) {
	t.Parallel()
	w := applied(t)
	share := ident.Share{Source: "b", Target: "c"}
	_, err := w.Client(t, "b-admin").Stop(t.Context(), apitest.Org, share, "x")
	wants(t, err, 403)
	_, err = w.Client(t, "pat").Stop(t.Context(), apitest.Org, share, "")
	wants(t, err, 400, "reason")
	_, err = w.Client(t, "pat").Stop(t.Context(), apitest.Org, ident.Share{Source: "b", Target: "z"}, "x")
	wants(t, err, 404)
	if _, err = w.Client(t, "pat").Stop(t.Context(), apitest.Org, share, "over"); err != nil || w.Control.Stops[0].By != "pat" {
		t.Errorf("stop: %v, %+v", err, w.Control.Stops)
	}
	if _, err = w.Client(t, "c-admin").RevertConversions(t.Context(), apitest.Org, share, "mistake"); err != nil || len(w.Control.Reverts) != 1 {
		t.Errorf("revert: %v", err)
	}
}

func TestLedgerProof(t *testing.T) {
	t.Parallel()
	w := applied(t)
	for _, id := range []string{"req-a-c-1", "req-b-c-1"} {
		if _, err := w.Client(t, "c-admin").Approve(t.Context(), apitest.Org, id, wire.Approve{}); err != nil {
			t.Fatal(err)
		}
	}
	v, err := w.Client(t, "vera").VerifyLedger(t.Context(), apitest.Org)
	if err != nil || !v.Intact || v.Entries != 3 {
		t.Errorf("got %+v, %v", v, err)
	}
	mine, err := w.Client(t, "a-admin").Ledger(t.Context(), apitest.Org, client.Page{Limit: 2})
	if err != nil || len(mine.Entries) != 1 || mine.Next == "" {
		t.Errorf("a's first page: %+v, %v", mine, err)
	}
	rest, err := w.Client(t, "a-admin").Ledger(t.Context(), apitest.Org, client.Page{After: mine.Next})
	if err != nil || len(rest.Entries) != 0 {
		t.Errorf("a reads of b→c: %+v, %v", rest, err)
	}
}

func TestWatchTellsOfAChange(t *testing.T) {
	t.Parallel()
	w := applied(t)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	approved := false
	err := w.Client(t, "c-admin").Watch(ctx, apitest.Org, time.Second, func(e client.Event) bool {
		if e.Share != nil && (e.Share.Share.Source != "c" && e.Share.Share.Target != "c") {
			t.Errorf("c is told of %s", e.Share.Share)
		}
		if e.Summary != nil && !approved {
			approved = true
			if _, err := w.Client(t, "c-admin").Approve(ctx, apitest.Org, "req-b-c-1", wire.Approve{}); err != nil {
				t.Error(err)
			}
			w.Server.CloseClientConnections() // the stream is taken up again by itself
		}
		return !(e.Share != nil && e.Share.Share.String() == "b→c" && e.Share.Phase == wire.PhaseInSync)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestClientSaysWhyNothingAnswered(t *testing.T) {
	t.Parallel()
	w := apitest.New(t)
	address := w.Server.URL
	c := w.Client(t, "pat")
	w.Server.Close()
	_, err := c.Organizations(t.Context())
	wants(t, err, 0, address, "start entented")
	if problem.KindOf(err) != problem.Unavailable {
		t.Errorf("the kind is %s", problem.KindOf(err))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = c.Organizations(ctx)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want a cancellation", err)
	}
	if _, err := client.New("not an address", "", nil); err == nil {
		t.Error("a wrong address was accepted")
	}
}

// Who asks is told that somebody else has to answer, and nobody learns who it is.
func TestARequestSaysThatItIsYours(t *testing.T) {
	t.Parallel()
	w := applied(t)
	r, err := w.Store.Request(t.Context(), apitest.Org, "req-b-c-1")
	if err != nil {
		t.Fatal(err)
	}
	r.Requester = "token/c-admin"
	if err := w.Store.PutRequest(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	for who, yours := range map[string]bool{"c-admin": true, "pat": false} {
		c := w.Client(t, who)
		got, err := c.Request(t.Context(), apitest.Org, r.ID)
		if err != nil || got.Yours != yours || got.Requester != "" {
			t.Errorf("%s: yours %v, requester %q, %v", who, got.Yours, got.Requester, err)
		}
		list, err := c.Requests(t.Context(), apitest.Org, client.RequestFilter{})
		if err != nil || len(list.Requests) == 0 || slices.ContainsFunc(list.Requests, func(r store.Request) bool { return r.Requester != "" }) {
			t.Errorf("%s: %+v, %v", who, list.Requests, err)
		}
	}
}
