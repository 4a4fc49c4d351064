package reduction

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/workflows/ballot"
	"entente.dev/entente/workflows/profile"
	"entente.dev/entente/workflows/reminder"
)

func (r *reduction) listen() error {
	return workflow.SetUpdateHandlerWithOptions(r.ctx, contract.DecideUpdate, r.decide, workflow.UpdateHandlerOptions{Validator: r.mayDecide})
}

// ask puts an over-budget reduction before the target's admins, with the numbers, and records their one answer. What
// was opened is closed, whatever happens to us meanwhile.
func (r *reduction) ask() (store.RequestStatus, error) {
	policy, began := r.in.Plan.Policy.Acceptance, workflow.Now(r.ctx)
	r.question = &ballot.Ballot{
		Org: r.in.Run.Org, RequestID: r.in.ID, Tenant: r.in.Run.Target.Name, Requester: r.in.Requester,
		Needed: policy.Approvers, Until: began.Add(policy.AskFor),
	}
	late, cancel := workflow.NewDisconnectedContext(r.ctx)
	defer cancel()
	if err := workflow.ExecuteActivity(profile.Core(late), contract.OpenRequest, contract.OpenRequestIn{Request: r.request(began)}).Get(late, nil); err != nil {
		r.question.Fail(err)
		return "", err
	}
	reminder.Begin(late, r.in.Run.Org, r.in.ID, policy, r.question.Until)
	r.question.Await(r.ctx, func() bool { return false }, func() {})
	err := r.question.Record(late, nil)
	reminder.End(late, r.in.Run.Org, r.in.ID)
	switch answer := r.question.Outcome; {
	case err != nil:
		return "", err
	case answer == store.Approved:
		if err := r.set(grace); err != nil {
			return "", err
		}
		r.signal(contract.ReductionMovedSignal{ID: r.in.ID, Agreed: true})
		return answer, nil
	case answer == store.Withdrawn:
		return answer, r.ctx.Err()
	default:
		return answer, r.set(cancelled)
	}
}

func (r *reduction) request(began time.Time) store.Request {
	policy, budget := r.in.Plan.Policy.Acceptance, r.in.Plan.Budget
	return store.Request{
		ID: r.in.ID, Org: r.in.Run.Org, Kind: "reduction", Share: r.in.Run.Share, Tenant: r.in.Run.Target.Name,
		PlanDigest: r.in.PlanDigest, People: r.in.Plan.Counts.Removals, Approvers: max(policy.Approvers, 1), Status: store.Waiting,
		Why:       fmt.Sprintf("%s would leave; the budget allows %d", people(budget.Removals), budget.Allowed),
		Requester: r.in.Requester, Workflow: workflow.GetInfo(r.ctx).WorkflowExecution.ID, OpenedAt: began, ExpiresAt: began.Add(policy.AskFor),
	}
}

func people(n int) string {
	if n == 1 {
		return "1 person"
	}
	return fmt.Sprintf("%d people", n)
}

// mayDecide refuses, before anything is in the history, what cannot count.
func (r *reduction) mayDecide(d contract.Decision) error {
	switch q := r.question; {
	case q == nil:
		return ballot.Refuse(problem.Conflict, "no answer is awaited")
	case q.Outcome != "":
		return q.May(d)
	case d.PlanDigest != "" && d.PlanDigest != r.in.PlanDigest:
		return ballot.Refuse(problem.Stale, "it is no longer what was asked; look again")
	default:
		return q.May(d)
	}
}

// decide counts an answer and returns when it is recorded.
func (r *reduction) decide(ctx workflow.Context, d contract.Decision) (contract.DecisionResult, error) {
	d.PlanDigest = r.in.PlanDigest
	return r.question.Decide(ctx, d)
}
