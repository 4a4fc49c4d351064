// Package reduction takes people out of a share: budget, grace, a last look, removal from the scope group, and
// the proof that Microsoft's engine soft-deleted them in the target.
//
//	workflow.go  from the announcement to the proof      question.go  the target's answer where the budget is exceeded
//	engine.go    deletions that the engine holds back, accounts that it leaves
package reduction

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/temporalkit/failure"
	"entente.dev/entente/workflows/ballot"
	"entente.dev/entente/workflows/profile"
)

// The statuses of a reduction. Wire format.
const (
	waiting   = "waiting"
	grace     = "grace"
	removing  = "removing"
	proving   = "proving"
	proven    = "proven"
	cancelled = "cancelled"
)

// Workflow removes the people of a share plan and stays until each removal is proven: the target's recycle bin
// holds the object and the provisioning log says the engine put it there. Over budget it removes nobody before
// an approval. People who come back during the grace are left alone.
func Workflow(ctx workflow.Context, in contract.ReductionInput) (contract.ReductionResult, error) {
	r := &reduction{ctx: ctx, in: in}
	err := r.listen()
	if err != nil {
		return contract.ReductionResult{}, err
	}
	result, err := r.run()
	if r.question != nil {
		late, cancel := workflow.NewDisconnectedContext(ctx)
		defer cancel()
		if failed := workflow.Await(late, func() bool { return workflow.AllHandlersFinished(late) }); failed != nil {
			return result, failed
		}
	}
	if err != nil && !r.removed { // nobody was removed yet: the announcement is taken back
		late, cancel := workflow.NewDisconnectedContext(ctx)
		defer cancel()
		r.ctx = late
		if failed := r.set(cancelled); failed != nil {
			workflow.GetLogger(late).Warn("cancellation not recorded", "kind", string(failure.ProblemOf(failed).Kind))
		}
	}
	return result, err
}

type reduction struct {
	ctx      workflow.Context
	trouble  problem.Kind // what keeps the proof from being read
	in       contract.ReductionInput
	question *ballot.Ballot // nil: nobody was asked
	removed  bool
	staged   string    // deletions that the engine held back at the last look
	sweepAt  time.Time // not before: what the engine leaves is looked through
}

func (r *reduction) run() (contract.ReductionResult, error) {
	if err := r.open(); err != nil {
		return contract.ReductionResult{}, err
	}
	if r.in.Plan.Budget.Over && !r.in.Drain {
		if answer, err := r.ask(); err != nil || answer != store.Approved {
			return contract.ReductionResult{Status: string(answer)}, err
		}
	}
	people, err := r.afterGrace()
	if err != nil || people == 0 {
		return contract.ReductionResult{Status: cancelled}, err
	}
	if err := r.remove(); err != nil {
		return contract.ReductionResult{}, err
	}
	if r.in.Plan.Policy.Deprovisioning.Action == "keep" { // they left the scope; the policy keeps their accounts
		return contract.ReductionResult{Status: proven, Removed: people}, r.set(proven)
	}
	return r.prove()
}

// open stores who leaves. The ID is the pass's, so that a repeated start opens the same reduction.
func (r *reduction) open() error {
	status := grace
	if r.in.Plan.Budget.Over && !r.in.Drain {
		status = waiting
	}
	in := contract.OpenReductionIn{ReductionInput: r.in, Status: status}
	return workflow.ExecuteActivity(profile.Core(r.ctx), contract.OpenReduction, in).Get(r.ctx, nil)
}

// afterGrace waits, then keeps only those whom a fresh plan still removes: back in time means nothing happened.
func (r *reduction) afterGrace() (people int, err error) {
	if r.in.Grace > 0 && !r.in.Drain {
		if err := workflow.Sleep(r.ctx, r.in.Grace); err != nil {
			return 0, err
		}
	}
	last := r.in
	if !r.in.Drain {
		if err := r.lastLook(&last.Plan); err != nil {
			return 0, err
		}
		if !last.Plan.Declared { // nothing is taken away from a share that is not declared until it is stopped
			return 0, r.set(cancelled)
		}
		last.PlanDigest = last.Plan.Digest
	}
	var out contract.RemovalsOut
	if err := workflow.ExecuteActivity(profile.Core(r.ctx), contract.ConfirmReduction, last).Get(r.ctx, &out); err != nil {
		return 0, err
	}
	if out.Total == out.Returned {
		return 0, r.set(cancelled)
	}
	return out.Total - out.Returned, nil
}

// lastLook plans once more. After a wait the picture must be newer than the wait: whoever came back meanwhile stays,
// and while the source cannot be read nobody is removed.
func (r *reduction) lastLook(fresh *contract.SharePlanRef) error {
	look := contract.PlanShareIn{Org: r.in.Run.Org, TopologyDigest: r.in.TopologyDigest, Share: r.in.Run.Share}
	if r.in.Grace > 0 || r.question != nil {
		look.After = workflow.Now(r.ctx)
	}
	for {
		if !look.After.IsZero() {
			r.requestLook()
		}
		*fresh = contract.SharePlanRef{}
		err := workflow.ExecuteActivity(profile.Core(r.ctx), contract.PlanShare, look).Get(r.ctx, fresh)
		if err == nil && !fresh.FrozenUntil.IsZero() { // nobody leaves while the calendar is frozen
			if err := workflow.Sleep(r.ctx, max(fresh.FrozenUntil.Sub(workflow.Now(r.ctx)), 0)+time.Second); err != nil {
				return err
			}
			look.After = workflow.Now(r.ctx)
			continue
		}
		if look.After.IsZero() || !profile.IsKind(err, problem.Incomplete) {
			return err
		}
		if err := workflow.Sleep(r.ctx, max(r.in.Run.Pace.Poll, time.Second)); err != nil {
			return err
		}
	}
}

// requestLook asks both tenants to look; one that does not run is looked at when it does.
func (r *reduction) requestLook() {
	s := contract.ObserveRequestedSignal{Share: r.in.Run.Share}
	for _, t := range []contract.TenantRef{r.in.Run.Source, r.in.Run.Target} {
		if err := workflow.SignalExternalWorkflow(r.ctx, contract.TenantEntityID(r.in.Run.Org, t.Name), "", contract.ObserveRequested, s).Get(r.ctx, nil); err != nil {
			workflow.GetLogger(r.ctx).Warn("tenant entity does not run", "tenant", string(t.Name))
		}
	}
}

func (r *reduction) ref(t contract.TenantRef) contract.ReductionRef {
	return contract.ReductionRef{
		WriteIn: contract.WriteIn{Org: r.in.Run.Org, Share: r.in.Run.Share, Tenant: t, Run: r.in.Run.ID(), TargetTenantID: r.in.Run.Target.TenantID},
		ID:      r.in.ID, GroupID: r.in.Plan.Desired.Found.ScopeGroupID, JobID: r.in.Plan.Desired.Found.JobID,
	}
}

// remove takes the people out of the scope group; the engine's next cycle soft-deletes them in the target. From
// here on a cancellation changes nothing: who left half way must be followed to the end.
func (r *reduction) remove() error {
	if err := r.set(removing); err != nil {
		return err
	}
	r.removed = true
	r.ctx, _ = workflow.NewDisconnectedContext(r.ctx)
	err := workflow.ExecuteActivity(profile.Write(r.ctx, r.in.Run.Source), contract.RemoveScopeMembers, r.ref(r.in.Run.Source)).Get(r.ctx, nil)
	if err != nil {
		if failed := r.set(cancelled); failed != nil { // a later reduction takes over whom this one did not remove
			workflow.GetLogger(r.ctx).Warn("cancellation not recorded", "kind", string(failure.ProblemOf(failed).Kind))
		}
		return err
	}
	if r.in.Drain {
		if err := r.restartJob(); err != nil {
			return err
		}
	}
	if err := r.set(proving); err != nil {
		return err
	}
	r.signal(contract.ReductionMovedSignal{ID: r.in.ID, Removed: true})
	return nil
}

// restartJob makes a drained job look at everybody again, as Microsoft's leave guide asks.
func (r *reduction) restartJob() error {
	found := r.in.Plan.Desired.Found
	if found.JobID == "" {
		return nil
	}
	in := contract.JobIn{WriteIn: r.ref(r.in.Run.Source).WriteIn, ServicePrincipalID: found.ServicePrincipalID, JobID: found.JobID}
	return workflow.ExecuteActivity(profile.Write(r.ctx, r.in.Run.Source), contract.RestartJob, in).Get(r.ctx, nil)
}

// evidence is how long a proof can come: the recycle bin keeps an account for 30 days.
const evidence = 30 * 24 * time.Hour

// prove looks at the target's recycle bin and at the source's provisioning log until both agree for everybody.
// What keeps it from looking becomes the share's problem, and it goes on looking: an unproven removal stays open
// and says what is missing.
func (r *reduction) prove() (contract.ReductionResult, error) {
	began, wait := workflow.Now(r.ctx), r.in.Run.Pace.Poll
	for {
		out, err := r.look()
		if err == nil && settled(out) {
			return contract.ReductionResult{Status: proven, Removed: out.Total - out.Returned, Proven: out.Proven}, r.set(proven)
		}
		elapsed := workflow.Now(r.ctx).Sub(began)
		if err == nil {
			err = r.engine(out.Live, elapsed)
		}
		r.tell(failure.ProblemOf(err))
		if elapsed > evidence && !r.in.Drain {
			return contract.ReductionResult{Status: proving}, r.unproven(out)
		}
		if err := workflow.Sleep(r.ctx, wait); err != nil {
			return contract.ReductionResult{Status: proving}, err
		}
		const share = 50 // the longer it takes, the less often: a history is finite
		wait = min(wait*3/2, max(r.in.Run.Pace.Every, r.in.Run.Pace.Poll, elapsed/share))
	}
}

// settled tells whether nobody's proof is awaited any more.
func settled(out contract.RemovalsOut) bool { return out.Proven+out.Returned+out.Lost >= out.Total }

// look asks the target, and the source's log only when it can prove something: the log is rationed.
func (r *reduction) look() (out contract.RemovalsOut, err error) {
	err = workflow.ExecuteActivity(profile.Read(r.ctx, r.in.Run.Target), contract.CheckRemovals, r.ref(r.in.Run.Target)).Get(r.ctx, &out)
	if err != nil || out.InBin+out.Gone == 0 || settled(out) {
		return out, err
	}
	err = workflow.ExecuteActivity(profile.Read(r.ctx, r.in.Run.Source), contract.CheckLog, r.ref(r.in.Run.Source)).Get(r.ctx, &out)
	return out, err
}

func (r *reduction) unproven(out contract.RemovalsOut) error {
	p := problem.New(problem.Incomplete, "prove the removals", fmt.Sprintf("%d of %d were not proven in 30 days", out.Total-out.Proven-out.Returned-out.Lost, out.Total))
	p.Remedy = "look at the reduction: it says for each person what is missing"
	return failure.ToTemporal(p)
}

// tell lets the share know when something begins or ceases to keep the proof from being read.
func (r *reduction) tell(p *problem.Error) {
	var kind problem.Kind
	if p != nil {
		kind = p.Kind
	}
	if kind != r.trouble {
		r.trouble = kind
		r.signal(contract.ReductionMovedSignal{ID: r.in.ID, Problem: p})
	}
}

// signal tells the share that started us; a share that does not hear it sees the end all the same.
func (r *reduction) signal(s contract.ReductionMovedSignal) {
	parent := workflow.GetInfo(r.ctx).ParentWorkflowExecution
	if parent == nil || r.in.Drain { // who drains waits for the end
		return
	}
	if err := workflow.SignalExternalWorkflow(r.ctx, parent.ID, "", contract.ReductionMoved, s).Get(r.ctx, nil); err != nil {
		workflow.GetLogger(r.ctx).Warn("the share was not told")
	}
}

func (r *reduction) set(status string) error {
	in := contract.SetReductionIn{Org: r.in.Run.Org, ID: r.in.ID, Status: status}
	return workflow.ExecuteActivity(profile.Core(r.ctx), contract.SetReduction, in).Get(r.ctx, nil)
}
