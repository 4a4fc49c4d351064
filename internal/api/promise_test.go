package api_test

import (
	"strings"
	"testing"

	"entente.dev/entente/internal/api/apitest"
	"entente.dev/entente/internal/api/client"
	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/store"
)

// TestAKeyIsOneCommandOfOneCaller: a key that comes back with something else is another command, and nothing is lost.
func TestAKeyIsOneCommandOfOneCaller(t *testing.T) {
	t.Parallel()
	w := applied(t)
	ctx := client.WithKey(t.Context(), "same")
	c := w.Client(t, "c-admin")
	for _, who := range []string{"bob@b.example", "barbara@b.example", "bob@b.example"} {
		if _, err := c.Hold(ctx, apitest.Org, wire.NewHold{Person: who, Tenant: "c", Reason: "left"}); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := c.Ledger(t.Context(), apitest.Org, client.Page{})
	if holds := strings.Count(verbs(entries), "hold "); err != nil || holds != 2 {
		t.Errorf("two people are held and a repeat was sent; the ledger has %d holds: %s, %v", holds, verbs(entries), err)
	}
	if _, err := c.Approve(ctx, apitest.Org, "req-a-c-1", wire.Approve{}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Reject(ctx, apitest.Org, "req-b-c-1", "no"); err != nil {
		t.Fatal(err)
	}
	if d := w.Control.Decisions; len(d) != 2 || !d[0].Approve || d[1].Approve {
		t.Errorf("decided %+v, want a yes and a no", d)
	}
	share := ident.Share{Source: "a", Target: "b"}
	for _, who := range []string{"pat", "b-admin", "pat"} {
		if _, err := w.Client(t, who).RevertConversions(ctx, apitest.Org, share, "mistake"); err != nil {
			t.Fatal(err)
		}
	}
	if r := w.Control.Reverts; len(r) != 2 || r[0].By == r[1].By {
		t.Errorf("commanded %+v, want one of each of two callers", r)
	}
}

func verbs(l wire.Ledger) string {
	var out strings.Builder
	for _, e := range l.Entries {
		out.WriteString(e.Verb + " ")
	}
	return out.String()
}

// TestAYesToAReductionHasNoLimits: it takes everybody out whom it is about; a limit would be lost.
func TestAYesToAReductionHasNoLimits(t *testing.T) {
	t.Parallel()
	w := applied(t)
	r, err := w.Store.Request(t.Context(), apitest.Org, "req-b-c-1")
	if err != nil {
		t.Fatal(err)
	}
	r.ID, r.Kind, r.Workflow = "red-1", "reduction", "workflow-of-red-1"
	if err := w.Store.PutRequest(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	c := w.Client(t, "c-admin")
	for name, in := range map[string]wire.Approve{
		"exclusions": {Exclusions: []string{"bob@b.example"}}, "rules": {Rules: []plan.ExclusionRule{{Field: "upn", Match: "bob*"}}},
		"maxUsers": {MaxUsers: 5}, "existingGuests": {ExistingGuests: "keep"}, "expiresAfter": {ExpiresAfter: "30d"},
	} {
		_, err := c.Approve(t.Context(), apitest.Org, r.ID, in)
		wants(t, err, 400, name, "reject it")
	}
	if len(w.Control.Decisions) > 0 {
		t.Fatalf("decided %+v", w.Control.Decisions)
	}
	if _, err := c.Approve(t.Context(), apitest.Org, r.ID, wire.Approve{Reason: "fine"}); err != nil {
		t.Error(err)
	}
}

// TestAYesThatLeavesEverybodyOut is a no that does not say so.
func TestAYesThatLeavesEverybodyOut(t *testing.T) {
	t.Parallel()
	w := applied(t)
	see(t, w, "b", directory.User{ID: "id-barbara", UserPrincipalName: "barbara@b.example"}, directory.User{ID: "id-bob", UserPrincipalName: "bob@b.example"})
	c := w.Client(t, "c-admin")
	for _, in := range []wire.Approve{
		{Rules: []plan.ExclusionRule{{Field: "upn", Match: "*@b.example"}}}, {Exclusions: []string{"bob@b.example", "barbara@b.example"}},
	} {
		_, err := c.Approve(t.Context(), apitest.Org, "req-b-c-1", in)
		wants(t, err, 400, "nobody would be left", "reject")
	}
	if _, err := c.Approve(t.Context(), apitest.Org, "req-b-c-1", wire.Approve{Exclusions: []string{"bob@b.example"}}); err != nil || len(w.Control.Decisions) != 1 {
		t.Errorf("one is left: %v", err)
	}
}

// see stores what was observed of a tenant.
func see(t *testing.T, w *apitest.World, tenant ident.Tenant, users ...directory.User) {
	t.Helper()
	seen := directory.Snapshot{Tenant: tenant, TenantID: "0" + string(tenant), TakenAt: apitest.Start, Read: directory.Collections(), Users: users}
	if _, err := w.Store.PutSnapshot(t.Context(), apitest.Org, &seen, true, store.Cursor{}); err != nil {
		t.Fatal(err)
	}
	if err := w.Store.PutTenantStatus(t.Context(), store.TenantStatus{Org: apitest.Org, Tenant: tenant, Stamp: store.Stamp{Run: 9}}); err != nil {
		t.Fatal(err)
	}
}

// TestAHoldTellsNothingOfStrangers: people of tenants that share nothing with the deciding one are as unknown as nobody.
func TestAHoldTellsNothingOfStrangers(t *testing.T) {
	t.Parallel()
	w := applied(t)
	see(t, w, "d", directory.User{ID: "id-dora", UserPrincipalName: "dora@d.example"})
	matrix, at, err := w.Store.Coverage(t.Context(), apitest.Org, store.CoverageFilter{})
	if err != nil {
		t.Fatal(err)
	}
	row := matrix.Rows[0]
	row.Person, row.UPN = ident.Person{Home: "d", ID: "id-dan"}, "dan@d.example"
	matrix.Rows = append(matrix.Rows, row)
	if err := w.Store.PutCoverage(t.Context(), apitest.Org, matrix, at.Add(1)); err != nil {
		t.Fatal(err)
	}
	c := w.Client(t, "c-admin")
	_, nobody := c.Hold(t.Context(), apitest.Org, wire.NewHold{Person: "nobody@b.example", Tenant: "c", Reason: "x"})
	wants(t, nobody, 404)
	for _, who := range []string{"dora@d.example", "dan@d.example", "d/id-dora", "z/id-x"} {
		_, err := c.Hold(t.Context(), apitest.Org, wire.NewHold{Person: who, Tenant: "c", Reason: "x"})
		wants(t, err, 404)
		if err != nil && nobody != nil && err.Error() != nobody.Error() {
			t.Errorf("%s is answered %q, and nobody %q", who, err, nobody)
		}
	}
	_, err = w.Client(t, "pat").Hold(t.Context(), apitest.Org, wire.NewHold{Person: "bob@b.example", Tenant: "z", Reason: "x"})
	wants(t, err, 404, "tenant z")
	for _, who := range []string{"b/id bob", "b/bob/../x", "b/<script>", "b/" + strings.Repeat("x", 101)} {
		_, err = c.Hold(t.Context(), apitest.Org, wire.NewHold{Person: who, Tenant: "c", Reason: "x"})
		wants(t, err, 400, "object id")
	}
	if _, err = c.Hold(t.Context(), apitest.Org, wire.NewHold{Person: "b/id-bob", Tenant: "c", Reason: "x"}); err != nil {
		t.Error(err)
	}
}

// TestWhatWasAcceptedCanBeRead: by who sees the share; it is what the target said, with its digest.
func TestWhatWasAcceptedCanBeRead(t *testing.T) {
	t.Parallel()
	w := applied(t)
	c, share := w.Client(t, "c-admin"), ident.Share{Source: "b", Target: "c"}
	_, err := c.Acceptance(t.Context(), apitest.Org, share)
	wants(t, err, 404, "nothing is accepted")
	yes := wire.Approve{MaxUsers: 7, ExistingGuests: "convert", Exclusions: []string{"bob@b.example"}, ExclusionReason: "left", ExpiresAfter: "30d"}
	if _, err := c.Approve(t.Context(), apitest.Org, "req-b-c-1", yes); err != nil {
		t.Fatal(err)
	}
	stored, err := w.Store.Envelopes(t.Context(), apitest.Org)
	if err != nil || len(stored) != 1 {
		t.Fatalf("stored %+v, %v", stored, err)
	}
	for _, who := range []string{"c-admin", "b-admin", "pat", "vera"} {
		got, err := w.Client(t, who).Acceptance(t.Context(), apitest.Org, share)
		if err != nil || got.State != "inForce" || got.MaxUsers != 7 || got.ExistingGuests != "convert" || got.Excluded != 1 || got.Ruled != 0 ||
			got.AcceptedBy[0] != "c-admin" || got.Digest != store.EnvelopeDigest(stored[0]) || len(got.Exclusions) != 1 || got.Exclusions[0].UPN != "bob@b.example" {
			t.Errorf("%s reads %+v, %v", who, got, err)
		}
	}
	for _, who := range []string{"a-admin", "elsewhere"} {
		_, err := w.Client(t, who).Acceptance(t.Context(), apitest.Org, share)
		wants(t, err, 403)
	}
	if all, err := w.Client(t, "a-admin").Acceptances(t.Context(), apitest.Org); err != nil || len(all.Acceptances) != 0 {
		t.Errorf("a sees what c accepted of b: %+v, %v", all, err)
	}
	stored[0].Revoked = &plan.Revocation{By: "c-admin", Reason: "audit", At: apitest.Start}
	if err := w.Store.PutEnvelope(t.Context(), apitest.Org, stored[0]); err != nil {
		t.Fatal(err)
	}
	all, err := c.Acceptances(t.Context(), apitest.Org)
	if err != nil || len(all.Acceptances) != 1 || all.Acceptances[0].State != "revoked" || all.Acceptances[0].Digest != store.EnvelopeDigest(stored[0]) {
		t.Errorf("taken back: %+v, %v", all, err)
	}
}
