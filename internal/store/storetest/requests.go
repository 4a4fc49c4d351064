package storetest

import (
	"fmt"
	"testing"

	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
)

func plans(t *testing.T, d Database) {
	s, ctx := open(t, d), t.Context()
	_, err := s.Plan(ctx, org, "d")
	is(t, err, problem.NotFound)
	_, err = s.SharePlan(ctx, org, "d")
	is(t, err, problem.NotFound)
	sp := plan.SharePlan{Share: bc, Digest: "d", Desired: plan.Desired{GroupName: "scope"}, Counts: plan.Counts{People: 3}}
	for i := range 400 {
		sp.Effects = append(sp.Effects, plan.Effect{Share: bc, Person: who(fmt.Sprint(i)), UPN: fmt.Sprint(i, "@b.example"), Action: plan.Create})
	}
	p := plan.Plan{Digest: "d", Topology: "t", Name: "n", Shares: []plan.SharePlan{sp}, Refusals: []plan.Refusal{{Rule: "empty-set", Share: &bc}}}
	for range 2 {
		ok(t, s.PutPlan(ctx, org, &p))
		ok(t, s.PutSharePlan(ctx, org, &sp))
	}
	same(t, value[*plan.Plan](t)(s.Plan(ctx, org, "d")), &p)
	same(t, value[*plan.SharePlan](t)(s.SharePlan(ctx, org, "d")), &sp)
	ok(t, s.PutPlan(ctx, org, &plan.Plan{Digest: "d", Name: "forged"}))
	same(t, value[*plan.Plan](t)(s.Plan(ctx, org, "d")).Name, "n")
}

func request(id string, share ident.Share, hour int) store.Request {
	return store.Request{ID: id, Org: org, Kind: "acceptance", Share: share, Tenant: share.Target, PlanDigest: "d", Why: "new set",
		People: 3, Status: store.Waiting, Workflow: "w/" + id, OpenedAt: at(hour), ExpiresAt: at(hour + 24)}
}

func requests(t *testing.T, d Database) {
	s, ctx := open(t, d), t.Context()
	_, err := s.Request(ctx, org, "r1")
	is(t, err, problem.NotFound)
	one, two, three := request("r1", bc, 0), request("r2", ba, 2), request("r3", bc, 1)
	three.Kind = "reduction"
	for _, r := range []store.Request{one, two, three} {
		ok(t, s.PutRequest(ctx, r))
		ok(t, s.PutRequest(ctx, r))
	}
	same(t, value[store.Request](t)(s.Request(ctx, org, "r2")), two)
	two.Status, two.DecidedAt, two.DecidedBy = store.Approved, at(3), []string{"kim"}
	ok(t, s.PutRequest(ctx, two))
	list := func(f store.RequestFilter) []store.Request {
		t.Helper()
		return value[[]store.Request](t)(s.ListRequests(ctx, f))
	}
	same(t, list(store.RequestFilter{}), []store.Request{two, three, one})
	same(t, list(store.RequestFilter{Org: org, Tenant: "c"}), []store.Request{three, one})
	same(t, list(store.RequestFilter{Status: store.Approved}), []store.Request{two})
	same(t, list(store.RequestFilter{Kind: "reduction", Share: &bc}), []store.Request{three})
	same(t, list(store.RequestFilter{Share: &ab}), []store.Request{})
	same(t, list(store.RequestFilter{Org: "adatum"}), []store.Request{})
	bad := one
	bad.Status = "maybe"
	is(t, s.PutRequest(ctx, bad), problem.Invalid)
}

func requestsFinal(t *testing.T, d Database) {
	s, ctx := open(t, d), t.Context()
	for _, final := range []store.RequestStatus{store.Approved, store.Rejected, store.Expired, store.Withdrawn} {
		r := request(string(final), bc, 0)
		ok(t, s.PutRequest(ctx, r))
		r.Status, r.Reason = final, "decided"
		ok(t, s.PutRequest(ctx, r))
		again := r
		again.Reason = "changed"
		ok(t, s.PutRequest(ctx, again))
		ok(t, s.PutRequest(ctx, request(string(final), bc, 0)))
		other := r
		other.Status = store.Approved
		if final == store.Approved {
			other.Status = store.Expired
		}
		is(t, s.PutRequest(ctx, other), problem.Conflict)
		same(t, value[store.Request](t)(s.Request(ctx, org, r.ID)), r)
	}
	race := request("race", bc, 0)
	ok(t, s.PutRequest(ctx, race))
	won := make(chan store.RequestStatus, 8)
	parallel(t, 8, func(i int) error {
		r := race
		r.Status = []store.RequestStatus{store.Approved, store.Rejected}[i%2]
		err := s.PutRequest(ctx, r)
		if err == nil {
			won <- r.Status
		} else if problem.KindOf(err) != problem.Conflict {
			return err
		}
		return nil
	})
	close(won)
	stored := value[store.Request](t)(s.Request(ctx, org, "race")).Status
	for status := range won {
		same(t, status, stored)
	}
}

func envelopes(t *testing.T, d Database) {
	s, ctx := open(t, d), t.Context()
	one := plan.Envelope{RequestID: "r", Share: bc, Sets: []string{"b-people"}, MaxUsers: 5, Exclusions: []plan.Exclusion{{Person: who("x")}}, ExpiresAt: at(9)}
	two := plan.Envelope{Share: ba, MaxUsers: 1}
	ok(t, s.PutEnvelope(ctx, org, one))
	ok(t, s.PutEnvelope(ctx, org, two))
	one.MaxUsers = 6
	ok(t, s.PutEnvelope(ctx, org, one))
	same(t, value[[]plan.Envelope](t)(s.Envelopes(ctx, org)), []plan.Envelope{two, one})
	for range 2 {
		ok(t, s.DropEnvelope(ctx, org, bc))
	}
	same(t, value[[]plan.Envelope](t)(s.Envelopes(ctx, org)), []plan.Envelope{two})
}
