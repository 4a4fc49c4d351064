// Package acceptance asks a target to take people in and waits for its answer: approve with a cap, reject, or
// nobody answers in time. Nothing is written to a target before its yes.
//
//	workflow.go  the question's life      answer.go  what counts, and what a yes becomes
//	look.go      what is looked up in the target meanwhile
package acceptance

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/temporalkit/failure"
	"entente.dev/entente/workflows/ballot"
	"entente.dev/entente/workflows/profile"
	"entente.dev/entente/workflows/reminder"
)

// Workflow waits for a decision until the request runs out. Exactly one outcome is recorded, whoever races;
// cancellation by the share withdraws the request. The share opens the request; from then on only this workflow
// writes it, one write after the other.
func Workflow(ctx workflow.Context, in contract.AcceptanceInput) (contract.AcceptanceResult, error) {
	q := newQuestion(ctx, in)
	err := workflow.SetUpdateHandlerWithOptions(ctx, contract.DecideUpdate, q.decide, workflow.UpdateHandlerOptions{Validator: q.mayDecide})
	if err != nil {
		return contract.AcceptanceResult{}, err
	}
	q.listen()
	q.Await(ctx, q.news, q.tend)
	record, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	var envelope *plan.Envelope
	if q.Outcome == store.Approved {
		envelope = q.envelope(workflow.Now(record))
	}
	failed := q.Record(record, envelope)
	if q.reminds {
		reminder.End(record, q.Org, q.RequestID)
	}
	if err := workflow.Await(record, func() bool { return workflow.AllHandlersFinished(record) }); err != nil {
		return contract.AcceptanceResult{}, err
	}
	return contract.AcceptanceResult{Status: string(q.Outcome), By: q.Last(), Reason: q.Reason}, failed
}

type question struct {
	ballot.Ballot
	ctx     workflow.Context
	in      contract.AcceptanceInput
	began   time.Time
	alike   []string // digests that ask for the same: as many people and guests, of the same sets
	unsaved bool     // the store shows an older plan
	opened  bool     // the request is in the store: people may be told
	reminds bool
	look    look
}

func newQuestion(ctx workflow.Context, in contract.AcceptanceInput) *question {
	began, policy := workflow.Now(ctx), in.Plan.Policy.Acceptance
	return &question{ctx: ctx, in: in, began: began, alike: []string{in.Plan.Digest}, Ballot: ballot.Ballot{
		Org: in.Run.Org, RequestID: in.RequestID, Tenant: in.Run.Target.Name, Requester: in.Requester,
		Needed: policy.Approvers, Until: began.Add(policy.AskFor),
	}}
}

// listen takes what the share says. The coroutines only note it.
func (q *question) listen() {
	refreshed := workflow.GetSignalChannel(q.ctx, contract.PlanRefreshed)
	workflow.Go(q.ctx, func(ctx workflow.Context) {
		for {
			var p contract.PlanRefreshedSignal
			refreshed.Receive(ctx, &p)
			q.refresh(p)
		}
	})
	opened := workflow.GetSignalChannel(q.ctx, contract.RequestOpened)
	workflow.Go(q.ctx, func(ctx workflow.Context) {
		opened.Receive(ctx, nil)
		q.opened = true
	})
}

func (q *question) news() bool { return q.unsaved || q.opened && !q.reminds || q.lookDue() }

// tend keeps the store's picture of the question current; once it is there, people are told, and the target is looked
// at.
func (q *question) tend() {
	if q.opened && !q.reminds {
		q.reminds = true
		reminder.Begin(q.ctx, q.Org, q.RequestID, q.in.Plan.Policy.Acceptance, q.Until)
	}
	q.lookAside()
	if !q.unsaved {
		return
	}
	q.unsaved = false
	in := contract.OpenRequestIn{Request: q.request(), Refresh: true}
	err := workflow.ExecuteActivity(profile.Core(q.ctx), contract.OpenRequest, in).Get(q.ctx, nil)
	if err == nil || q.ctx.Err() != nil {
		return
	}
	workflow.GetLogger(q.ctx).Warn("the inbox shows an older plan", "request", q.RequestID, "kind", string(failure.ProblemOf(err).Kind))
	_ = profile.AwaitFor(q.ctx, profile.Backoff(q.in.Run.Pace, 5), func() bool { return q.Outcome != "" }) // then again
	q.unsaved = true
}
