package acceptance

import (
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/workflows/ballot"
)

// refresh takes a newer plan: what is answered from now on. An approval given to other sets or under other terms counts
// no longer, and its giver may answer again; more or fewer people stay a matter of the cap.
func (q *question) refresh(p contract.PlanRefreshedSignal) {
	if q.Outcome != "" {
		return
	}
	old, fresh := q.in.Plan, p.SharePlanRef
	q.AskedBy(p.Requester)
	q.Needed = fresh.Policy.Acceptance.Approvers
	other := fresh.Terms != old.Terms || !slices.Equal(fresh.Sets, old.Sets) || fresh.Policy.UserType != old.Policy.UserType
	if other {
		q.Void()
	}
	if other || asking(fresh) != asking(old) || fresh.Guests != old.Guests {
		q.alike = nil
	}
	q.alike, q.in.Plan, q.unsaved = append(q.alike, fresh.Digest), fresh, true
}

// asking is how many people the share carries if the answer is yes.
func asking(p contract.SharePlanRef) int { return p.Counts.People + p.Counts.Waiting }

// request is what the target's inbox shows now. Opening and expiry stay as they were stored.
func (q *question) request() store.Request {
	r := q.in.Request(workflow.GetInfo(q.ctx).WorkflowExecution.ID, q.began)
	r.Approvals = q.Names()
	return r
}

// mayDecide refuses, before anything is in the history, what cannot count.
func (q *question) mayDecide(d contract.Decision) error {
	people := asking(q.in.Plan) - d.Excluded
	switch {
	case q.Outcome != "":
		return q.May(d)
	case d.PlanDigest != "" && !slices.Contains(q.alike, d.PlanDigest):
		return ballot.Refuse(problem.Stale, "the people who ask have changed since; look again")
	case d.Approve && d.MaxUsers != 0 && d.MaxUsers < people:
		return ballot.Refuse(problem.Invalid, fmt.Sprintf("a cap of %d is below the %d people who ask to come in; raise it, exclude people, or reject", d.MaxUsers, people))
	case d.ExistingGuests != "" && d.ExistingGuests != "keep" && d.ExistingGuests != "convert":
		return ballot.Refuse(problem.Invalid, "existing guests are kept or converted, nothing else")
	}
	return q.May(d)
}

// decide counts an answer to what is asked now.
func (q *question) decide(ctx workflow.Context, d contract.Decision) (contract.DecisionResult, error) {
	if d.PlanDigest == "" {
		d.PlanDigest = q.in.Plan.Digest
	}
	return q.Decide(ctx, d)
}

// envelope covers everything that was asked, and of what the approvers said the narrowest: the lowest cap, the
// earliest end, every exclusion, and conversion only if all of them agree. Where the question was about a rest and
// nobody spoke of guests, what was accepted about them before holds on: the recorder knows it.
func (q *question) envelope(now time.Time) *plan.Envelope {
	policy := q.in.Plan.Policy
	e := &plan.Envelope{
		RequestID: q.in.RequestID, Share: q.in.Run.Share, Sets: q.in.Plan.Sets, Definitions: q.in.Plan.Definitions, UserType: policy.UserType.Value,
		ExistingGuests: "convert", AskedGuests: policy.UserType.ExistingGuests, PlanDigest: q.in.Plan.Digest, AcceptedBy: q.Names(), AcceptedAt: now,
		ExpiresAt: now.Add(policy.Acceptance.ExpiresAfter),
	}
	if policy.Acceptance.Mode == "auto" { // they saw that the topology answers from now on
		e.Auto, e.AutoBelow = true, policy.Acceptance.AutoBelow
	}
	said := false
	for _, d := range q.Approvals() {
		limit := d.MaxUsers
		if limit == 0 {
			limit = max(policy.Acceptance.MaxUsers, asking(q.in.Plan))
		}
		if e.MaxUsers == 0 || limit < e.MaxUsers {
			e.MaxUsers = limit
		}
		if d.MaxUsers > 0 && e.Auto && (e.AutoBelow == 0 || d.MaxUsers < e.AutoBelow) { // a cap that was said is one in any mode
			e.AutoBelow = d.MaxUsers + 1
		}
		e.Bounded = e.Bounded || d.ExpiresAfter > 0
		if d.ExpiresAfter > 0 && now.Add(d.ExpiresAfter).Before(e.ExpiresAt) {
			e.ExpiresAt = now.Add(d.ExpiresAfter)
		}
		said = said || d.ExistingGuests != ""
		if d.ExistingGuests == "keep" || (d.ExistingGuests == "" && policy.UserType.ExistingGuests != "convert") {
			e.ExistingGuests = "keep"
		}
		e.Exclusions, e.Rules = append(e.Exclusions, d.Exclusions...), append(e.Rules, d.Rules...)
	}
	if !said && q.in.Plan.Acceptance.Delta && policy.UserType.ExistingGuests == "ask" {
		e.ExistingGuests = ""
	}
	return e
}
