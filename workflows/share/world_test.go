package share

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/workflow"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/temporalkit/failure"
	"entente.dev/entente/internal/testkit/flowtest"
)

// world is what the share sees: a plan that follows from a few facts, and children that end as told.
type world struct {
	*flowtest.Env

	// Facts that the plan follows from.
	declared, accepted, setUp bool
	refused                   string
	pending, removals         int
	stranded                  int // people whom a drain takes out
	planErr                   error
	takenAt                   time.Time // of the snapshots; zero: always fresh

	fails         map[string]error // by child or activity
	answer        contract.AcceptanceResult
	answerIn      time.Duration // 0: waits for cancellation
	leaveIn       time.Duration
	guests        int      // to be converted by the set-up
	convert       int      // to be converted after it
	order         []string // of what was noted and set up
	stay          string   // rejected or expired: nobody may leave
	proveIn       time.Duration
	inFlight      int
	most          int
	statuses      []store.ShareStatus
	runs          []store.Run
	teardowns     int
	askedAbout    []bool // per reduction: was the target asked?
	refusesToLose bool

	early bool // a teardown while somebody was not proven

	waiting  int       // people outside of what was accepted
	frozen   bool      // the target took its yes back
	deadline time.Time // when the plan will be another one by itself
	over     bool      // a removal is over its budget
	agreeIn  time.Duration
	switches map[plan.Kind]contract.BatchOut // sign-ins that a pass would switch, and how that goes
	revoked  []contract.RevokeIn
	job      contract.JobHealth // how the job is seen
	mendable bool               // a set-up puts a policy back
	relapse  bool               // a restarted job is quarantined again
	thaw     time.Time          // the calendar's freeze ends then; zero: none

	rings, batch, brought int      // a rollout: rings there are, people each lets in, people who came into the scope group
	spare                 int      // the percentage of a ring that may fail
	approved              []string // request ids, in order
}

func newWorld(t *testing.T) *world {
	w := &world{Env: flowtest.New(t), declared: true, fails: map[string]error{}, answer: contract.AcceptanceResult{Status: "approved"}, answerIn: time.Hour}
	e := w.Env
	flowtest.Do(e, contract.PutShareStatus, func(s store.ShareStatus) error { w.statuses = append(w.statuses, s); return nil })
	flowtest.Do(e, contract.PutRun, func(r store.Run) error { w.runs = append(w.runs, r); return nil })
	flowtest.Do(e, contract.CheckConnection, func(contract.JobIn) error { return w.fails[contract.CheckConnection] })
	flowtest.Do(e, contract.RestartJob, func(contract.JobIn) error {
		if !w.relapse {
			w.job = contract.JobHealth{Code: "Active", State: "Active"}
		}
		return w.fails[contract.RestartJob]
	})
	flowtest.Do(e, contract.OpenRequest, func(contract.OpenRequestIn) error { return w.fails[contract.OpenRequest] })
	flowtest.Do(e, contract.RevokeEnvelope, func(in contract.RevokeIn) error {
		if err := w.fails[contract.RevokeEnvelope]; err != nil {
			return err
		}
		w.frozen, w.revoked = w.accepted, append(w.revoked, in)
		return nil
	})
	for kind, name := range map[plan.Kind]string{plan.Block: contract.BlockPlanned, plan.Unblock: contract.UnblockPlanned} {
		flowtest.On(e, name, func(contract.GuestsIn) (contract.BatchOut, error) {
			if err := w.fails[name]; err != nil {
				return contract.BatchOut{}, err
			}
			out := w.switches[kind]
			if out.Failed == 0 {
				delete(w.switches, kind)
			} else {
				w.switches[kind] = contract.BatchOut{Failed: out.Failed}
			}
			return out, nil
		})
	}
	flowtest.Do(e, contract.DropShare, func(contract.DropShareIn) error { return w.fails[contract.DropShare] })
	flowtest.Do[contract.LearnIn](e, contract.LearnLinks, nil)
	flowtest.Do(e, contract.RecordConversions, func(contract.GuestsIn) error {
		w.order = append(w.order, contract.RecordConversions)
		return nil
	})
	flowtest.On(e, contract.UndeletePlanned, func(contract.GuestsIn) (contract.BatchOut, error) { return contract.BatchOut{}, nil })
	flowtest.On(e, contract.PlanShare, w.plan)
	flowtest.Child(e, contract.AcceptanceWorkflow, w.acceptance)
	flowtest.Child(e, contract.ReductionWorkflow, w.reduction)
	flowtest.Child(e, contract.SetupWorkflow, func(ctx workflow.Context, in contract.SetupInput) (contract.SetupResult, error) {
		w.order = append(w.order, contract.SetupWorkflow)
		if err := w.work(ctx, contract.SetupWorkflow); err != nil {
			return contract.SetupResult{}, err
		}
		w.setUp, w.mendable = true, false
		w.brought += in.Plan.Ring.Arrivals
		if w.job.Halted() && !w.relapse && in.Plan.Has(plan.StartJob) {
			w.job = contract.JobHealth{Code: "Active", State: "Active"}
		}
		return contract.SetupResult{}, nil
	})
	flowtest.Child(e, contract.TeardownWorkflow, func(ctx workflow.Context, _ contract.TeardownInput) (bool, error) {
		w.early = w.early || w.inFlight > 0
		if err := w.work(ctx, contract.TeardownWorkflow); err != nil {
			return false, err
		}
		w.setUp, w.accepted, w.frozen = false, false, false
		w.teardowns++
		return true, nil
	})
	flowtest.Child(e, contract.RestoreWorkflow, func(ctx workflow.Context, _ contract.RestoreInput) (contract.RestoreResult, error) {
		return contract.RestoreResult{}, w.work(ctx, contract.RestoreWorkflow)
	})
	flowtest.Child(e, contract.MemberTypeWorkflow, func(ctx workflow.Context, _ contract.MemberTypeInput) (contract.MemberTypeResult, error) {
		return contract.MemberTypeResult{}, w.work(ctx, contract.MemberTypeWorkflow)
	})
	e.HearSignals(nil)
	return w
}

// work takes a minute and ends as told.
func (w *world) work(ctx workflow.Context, name string) error {
	if err := workflow.Sleep(ctx, time.Minute); err != nil {
		return err
	}
	if err := w.fails[name]; err != nil {
		return failure.ToTemporal(err)
	}
	return nil
}

func (w *world) plan(in contract.PlanShareIn) (contract.SharePlanRef, error) {
	ref := contract.SharePlanRef{Digest: "d", Declared: w.declared, Refused: w.refused, Counts: plan.Counts{People: 2, Changes: 1}, Deadline: w.deadline}
	ref.Counts.Waiting = w.waiting
	switch {
	case w.frozen:
		ref.Acceptance = plan.AcceptanceNeed{Frozen: true, Why: "tenant c took its acceptance back: an audit"}
	case w.waiting > 0:
		ref.Acceptance = plan.AcceptanceNeed{Needed: true, Delta: true, Why: "over the cap: 503 people, 500 accepted"}
	}
	for _, kind := range []plan.Kind{plan.Block, plan.Unblock} {
		if _, planned := w.switches[kind]; planned && w.accepted {
			ref.Kinds = append(ref.Kinds, kind)
		}
	}
	ref.Policy.Deprovisioning.Grace = 24 * time.Hour
	if w.setUp {
		ref.Desired.Found = plan.Found{ServicePrincipalID: "sp", JobID: "job", ScopeGroupID: "g"}
	}
	if w.setUp {
		ref.Job = w.job
	}
	if w.Now().Before(w.thaw) && !in.Drain {
		ref.FrozenUntil, ref.FreezeWhy = w.thaw, "year end"
	}
	switch {
	case w.planErr != nil:
		return ref, w.planErr
	case !w.takenAt.IsZero() && w.takenAt.Before(in.After):
		return ref, failure.ToTemporal(problem.New(problem.Incomplete, "plan a share", "no complete snapshot since the share last wrote"))
	case in.Drain:
		ref.Counts.Removals = w.stranded
	case !w.declared:
		return contract.SharePlanRef{}, nil
	case !w.accepted:
		ref.Acceptance = plan.AcceptanceNeed{Needed: true, Why: "not accepted yet"}
	case w.rings > 0:
		w.ringed(in, &ref)
	case !w.setUp:
		ref.Kinds = append(ref.Kinds, plan.Application)
		if w.guests > 0 {
			ref.Kinds = append(ref.Kinds, plan.Convert)
		}
	default:
		ref.Pending, ref.Counts.Removals = w.pending, w.removals
		if w.mendable {
			ref.Kinds = append(ref.Kinds, plan.InboundPartner)
		}
		if w.job.Halted() {
			ref.Kinds = append(ref.Kinds, plan.StartJob)
		}
		if w.convert > 0 {
			ref.Kinds = append(ref.Kinds, plan.Convert)
		}
		if w.removals > 0 {
			ref.Kinds, ref.Leaving = append(ref.Kinds, plan.ScopeRemove), fmt.Sprintf("%d people", w.removals)
			ref.Budget = plan.BudgetVerdict{Removals: w.removals, Allowed: 1, Over: w.over || w.refusesToLose && w.removals > 1}
		}
	}
	return ref, nil
}

// ringed plans a share whose rings let in as many people each; the last one lets in the last.
func (w *world) ringed(in contract.PlanShareIn, ref *contract.SharePlanRef) {
	open := min(in.Rollout.Rings, w.rings)
	ref.Ring = plan.RingState{Open: open, Of: w.rings, Arrivals: max(0, open*w.batch-w.brought), More: open < w.rings && w.brought < w.rings*w.batch}
	ref.PauseAbove = w.spare
	if w.brought > 0 {
		ref.Pending = w.pending
	}
	if ref.Ring.Arrivals > 0 {
		ref.Kinds, ref.Pending = append(ref.Kinds, plan.ScopeAdd), ref.Pending+ref.Ring.Arrivals
	}
}

func (w *world) acceptance(ctx workflow.Context, in contract.AcceptanceInput) (contract.AcceptanceResult, error) {
	if err := w.fails[contract.AcceptanceWorkflow]; err != nil {
		return contract.AcceptanceResult{}, failure.ToTemporal(err)
	}
	wait := w.answerIn
	if wait == 0 {
		wait = 365 * 24 * time.Hour
	}
	if workflow.Sleep(ctx, wait) != nil {
		return contract.AcceptanceResult{Status: "withdrawn"}, nil
	}
	if w.answer.Status == "approved" {
		w.accepted, w.frozen, w.waiting, w.approved = true, false, 0, append(w.approved, in.RequestID)
	}
	return w.answer, nil
}

// reduction behaves as the real one: cancelled in its grace it takes nobody out, after the removal it tells the share
// and goes on to the proof.
func (w *world) reduction(ctx workflow.Context, in contract.ReductionInput) (contract.ReductionResult, error) {
	w.inFlight++
	defer func() { w.inFlight-- }()
	w.askedAbout = append(w.askedAbout, in.Plan.Budget.Over)
	if w.refusesToLose && in.Plan.Budget.Over {
		return contract.ReductionResult{Status: "rejected"}, nil
	}
	w.most = max(w.most, w.inFlight)
	if in.Plan.Budget.Over && !in.Drain {
		if err := workflow.Sleep(ctx, max(w.agreeIn, time.Second)); err != nil {
			return contract.ReductionResult{Status: "cancelled"}, err
		}
		w.SignalWorkflow(contract.ReductionMoved, contract.ReductionMovedSignal{ID: in.ID, Agreed: true})
	}
	if !in.Drain {
		if err := workflow.Sleep(ctx, max(w.leaveIn, time.Second)); err != nil {
			return contract.ReductionResult{Status: "cancelled"}, err
		}
	}
	if err := w.fails[contract.ReductionWorkflow]; err != nil {
		return contract.ReductionResult{}, failure.ToTemporal(err)
	}
	if w.stay != "" && !in.Drain {
		return contract.ReductionResult{Status: w.stay}, nil
	}
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	if w.takenAt.IsZero() { // otherwise the next look shows it
		w.removals, w.stranded = 0, 0
	}
	if !in.Drain {
		w.SignalWorkflow(contract.ReductionMoved, contract.ReductionMovedSignal{ID: in.ID, Removed: true})
	}
	err := workflow.Sleep(ctx, max(w.proveIn, time.Second))
	return contract.ReductionResult{Status: "proven"}, err
}

func state(phase contract.Phase) contract.ShareState {
	return contract.ShareState{
		Schema: 1, Org: "o", Share: flowtest.BtoC, Source: flowtest.Source, Target: flowtest.Target, TopologyDigest: "t1",
		Pace: flowtest.Pace, Phase: phase, Dirty: true,
	}
}

// until runs the entity for a time and returns what it knows of itself then; it must still run.
func (w *world) until(d time.Duration, s contract.ShareState) contract.ShareState {
	w.T.Helper()
	out, over := w.upTo(d, s)
	require.False(w.T, over, "the run ended by itself: %v", w.GetWorkflowError())
	return out
}

// upTo is until for a run that may be over before.
func (w *world) upTo(d time.Duration, s contract.ShareState) (out contract.ShareState, over bool) {
	over = true
	w.Later(d, func() {
		out, over = w.now(), false
		w.CancelWorkflow()
	})
	w.ExecuteWorkflow(Workflow, s)
	return out, over
}

func (w *world) now() (out contract.ShareState) {
	w.T.Helper()
	value, err := w.QueryWorkflow(contract.StatusQuery)
	require.NoError(w.T, err)
	require.NoError(w.T, value.Get(&out))
	return out
}

func (w *world) observed(changed bool) {
	w.SignalWorkflow(contract.TenantObserved, contract.TenantObservedSignal{Tenant: "b", Changed: changed})
}

// phases are the projected phases, repeats left out.
func (w *world) phases() (out []contract.Phase) {
	for _, s := range w.statuses {
		if p := contract.Phase(s.Phase); len(out) == 0 || out[len(out)-1] != p {
			out = append(out, p)
		}
	}
	return out
}

func forbidden() error { return problem.New(problem.Forbidden, "write", "a permission is missing") }

func inputsOfPlan(w *world) []contract.PlanShareIn {
	return flowtest.Inputs[contract.PlanShareIn](w.Env, contract.PlanShare)
}
