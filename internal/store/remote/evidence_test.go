package remote_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"entente.dev/entente/internal/api/apitest"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/prospect"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/store/storetest"
)

// TestATargetLooksForTheAddressesOfThoseWhoAsk: in parts, as the store itself gives them, and without a name.
func TestATargetLooksForTheAddressesOfThoseWhoAsk(t *testing.T) {
	t.Parallel()
	w, ctx := known(t), t.Context()
	p := storetest.Asking(20_050, "d")
	must(t, w.Store.PutRequest(ctx, store.Request{ID: "r/1", Org: apitest.Org, Kind: "acceptance", Share: share, Tenant: "c", PlanDigest: "d", Status: store.Waiting, OpenedAt: apitest.Start}))
	must(t, w.Store.PutRequestPeople(ctx, apitest.Org, "r/1", p, map[ident.Person]string{p.Effects[0].Person: "zero@b.example"}))
	s := as(t, w, "worker-c")
	first, err := s.Askers(ctx, apitest.Org, "r/1", "", 0)
	must(t, err)
	last, err := s.Askers(ctx, apitest.Org, "r/1", first.Digest, first.Next)
	must(t, err)
	for after, got := range map[int]store.AskersPage{0: first, first.Next: last} {
		want, err := w.Store.Askers(ctx, apitest.Org, "r/1", "d", after)
		must(t, err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("after %d: -want +got\n%s", after, diff)
		}
	}
	if first.Next == 0 || last.Next != 0 || len(first.Askers[0].Marks) != 2 || len(last.Askers) == 0 {
		t.Errorf("parts of %d and %d", len(first.Askers), len(last.Askers))
	}
	e := prospect.Evidence{At: apitest.Start, Plan: "d", GuestRole: "role", Collisions: []prospect.Collision{{Kind: prospect.Group, Count: 1, People: []ident.Person{p.Effects[0].Person}}}}
	must(t, s.PutEvidence(ctx, apitest.Org, "r/1", e))
	kept, err := w.Store.Evidence(ctx, apitest.Org, "r/1")
	must(t, err)
	if diff := cmp.Diff(e, kept); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	_, err = as(t, w, "worker-b").Askers(ctx, apitest.Org, "r/1", "", 0)
	kind(t, err, problem.Forbidden)
	kind(t, as(t, w, "worker-a").PutEvidence(ctx, apitest.Org, "r/1", prospect.Evidence{}), problem.Forbidden)
	must(t, w.Store.PutRequestPeople(ctx, apitest.Org, "r/1", &plan.SharePlan{Share: share, Digest: "newer"}, nil))
	_, err = s.Askers(ctx, apitest.Org, "r/1", "d", first.Next)
	kind(t, err, problem.NotFound)
}
