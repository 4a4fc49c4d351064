// Package acceptance asks a target to take people in and waits for its answer: approve with a cap, reject, or
// nobody answers in time. Nothing is written to a target before its yes.
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
	"entente.dev/entente/internal/temporalkit/failure"
	"entente.dev/entente/workflows/profile"
)

// Workflow waits for a decision until the request runs out. Exactly one outcome is recorded, whoever races;
// cancellation by the share withdraws the request.
func Workflow(ctx workflow.Context, in contract.AcceptanceInput) (contract.AcceptanceResult, error) {
	q := &question{in: in, alike: []string{in.Plan.Digest}}
	err := workflow.SetUpdateHandlerWithOptions(ctx, contract.DecideUpdate, q.decide, workflow.UpdateHandlerOptions{Validator: q.mayDecide})
	if err != nil {
		return contract.AcceptanceResult{}, err
	}
	refreshed := workflow.GetSignalChannel(ctx, contract.PlanRefreshed)
	workflow.Go(ctx, func(ctx workflow.Context) {
		for {
			var p contract.SharePlanRef
			refreshed.Receive(ctx, &p)
			q.refresh(p)
		}
	})
	deadline := in.Plan.Policy.Acceptance.AskFor
	answered, err := workflow.AwaitWithTimeout(ctx, deadline, func() bool { return q.outcome != "" })
	if err != nil {
		q.outcome, q.reason = store.Withdrawn, "no longer needed"
	} else if !answered {
		q.outcome, q.reason = store.Expired, "nobody answered in time"
	}
	record, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	q.failed = q.close(record)
	q.recorded = true
	if err := workflow.Await(record, func() bool { return workflow.AllHandlersFinished(record) }); err != nil {
		return contract.AcceptanceResult{}, err
	}
	return contract.AcceptanceResult{Status: string(q.outcome), By: q.last(), Reason: q.reason}, q.failed
}

type question struct {
	in       contract.AcceptanceInput
	alike    []string // digests that ask for the same: as many people and guests, of the same sets
	approved []contract.Decision
	outcome  store.RequestStatus
	reason   string
	by       []string
	recorded bool
	failed   error
}

// refresh takes a newer plan: what is answered from now on. An approval given to other sets counts no longer; more
// or fewer people stay a matter of the cap.
func (q *question) refresh(p contract.SharePlanRef) {
	if q.outcome != "" {
		return
	}
	old := q.in.Plan
	if !slices.Equal(p.Sets, old.Sets) || p.Policy.UserType != old.Policy.UserType {
		q.approved, q.by = nil, nil
	}
	if !slices.Equal(p.Sets, old.Sets) || p.Policy.UserType != old.Policy.UserType || p.Counts.People != old.Counts.People || p.Guests != old.Guests {
		q.alike = nil
	}
	q.alike, q.in.Plan = append(q.alike, p.Digest), p
}

// mayDecide refuses, before anything is in the history, what cannot count.
func (q *question) mayDecide(d contract.Decision) error {
	switch {
	case d.By == "":
		return refuse(problem.Invalid, "nobody is named as deciding")
	case q.outcome != "":
		return refuse(problem.Conflict, "the request is already "+string(q.outcome))
	case d.PlanDigest != "" && !slices.Contains(q.alike, d.PlanDigest):
		return refuse(problem.Stale, "the people who ask have changed since; look again")
	case d.Approve && d.MaxUsers != 0 && d.MaxUsers < q.in.Plan.Counts.People+q.in.Plan.Counts.Waiting-d.Excluded:
		return refuse(problem.Invalid, fmt.Sprintf("a cap of %d is below the %d people who ask to come in; raise it, exclude people, or reject", d.MaxUsers, q.in.Plan.Counts.People))
	case d.ExistingGuests != "" && d.ExistingGuests != "keep" && d.ExistingGuests != "convert":
		return refuse(problem.Invalid, "existing guests are kept or converted, nothing else")
	case slices.ContainsFunc(q.approved, func(o contract.Decision) bool { return o.By == d.By }):
		return refuse(problem.Conflict, "the same person cannot approve twice")
	}
	return nil
}

func refuse(kind problem.Kind, detail string) error {
	return failure.ToTemporal(problem.New(kind, "decide on a request", detail))
}

// decide counts an answer and returns when it is recorded, so that a caller never sees a yes that is not kept.
func (q *question) decide(ctx workflow.Context, d contract.Decision) (contract.DecisionResult, error) {
	q.by = append(q.by, d.By)
	if !d.Approve {
		q.outcome, q.reason = store.Rejected, d.Reason
	} else {
		q.approved = append(q.approved, d)
	}
	missing := max(q.in.Plan.Policy.Acceptance.Approvers, 1) - len(q.approved)
	if d.Approve && missing > 0 {
		return contract.DecisionResult{Status: string(store.Waiting), Missing: missing}, nil
	}
	if d.Approve {
		q.outcome, q.reason = store.Approved, d.Reason
	}
	if err := workflow.Await(ctx, func() bool { return q.recorded }); err != nil {
		return contract.DecisionResult{}, err
	}
	return contract.DecisionResult{Status: string(q.outcome)}, q.failed
}

func (q *question) last() string {
	if len(q.by) == 0 {
		return ""
	}
	return q.by[len(q.by)-1]
}

// close records the answer and, on a yes, the envelope that later plans stay inside.
func (q *question) close(ctx workflow.Context) error {
	in := contract.CloseRequestIn{
		Org: q.in.Run.Org, ID: q.in.RequestID, Status: q.outcome, By: q.by, Reason: q.reason, At: workflow.Now(ctx),
	}
	if q.outcome == store.Approved {
		in.Envelope = q.envelope(workflow.Now(ctx))
	}
	return workflow.ExecuteActivity(profile.Core(ctx), contract.CloseRequest, in).Get(ctx, nil)
}

// envelope takes the narrowest of what the approvers said: the lowest cap, the earliest end, every exclusion,
// and conversion only if all of them agree.
func (q *question) envelope(now time.Time) *plan.Envelope {
	policy := q.in.Plan.Policy
	e := &plan.Envelope{
		RequestID: q.in.RequestID, Share: q.in.Run.Share, Sets: q.in.Plan.Sets, UserType: policy.UserType.Value,
		ExistingGuests: "convert", AskedGuests: policy.UserType.ExistingGuests, PlanDigest: q.in.Plan.Digest, AcceptedBy: q.by, AcceptedAt: now,
		ExpiresAt: now.Add(policy.Acceptance.ExpiresAfter),
	}
	for _, d := range q.approved {
		limit := d.MaxUsers
		if limit == 0 {
			limit = max(policy.Acceptance.MaxUsers, q.in.Plan.Counts.People)
		}
		if e.MaxUsers == 0 || limit < e.MaxUsers {
			e.MaxUsers = limit
		}
		if d.ExpiresAfter > 0 && now.Add(d.ExpiresAfter).Before(e.ExpiresAt) {
			e.ExpiresAt = now.Add(d.ExpiresAfter)
		}
		if d.ExistingGuests == "keep" || (d.ExistingGuests == "" && policy.UserType.ExistingGuests != "convert") {
			e.ExistingGuests = "keep"
		}
		e.Exclusions, e.Rules = append(e.Exclusions, d.Exclusions...), append(e.Rules, d.Rules...)
	}
	return e
}
