// Package share is the entity of one directed share. It owns the share's life and runs one pass at a time:
// plan on the newest complete snapshots, gate, apply, let the tenants be observed, and plan again until there
// is nothing left to do.
//
// It has no clock of its own. It wakes on a fact from one of its tenants, on a person, or on a deadline that
// it holds (a retry, or a look at Microsoft's engine while something is on its way).
//
//	workflow.go  the loop          handlers.go  what people and tenants say
//	step.go      one pass          children.go  the steps of a pass    state.go  projection and carry
package share

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/temporalkit/failure"
	"entente.dev/entente/workflows/profile"
)

// passesPerRun bounds a history: after so many the entity continues as new when it is idle.
const passesPerRun = 30

// Workflow runs passes for as long as the share exists. Handlers record intent; effects happen in step, on the
// main goroutine. It continues as new only when no child is in flight, because a closing parent ends its
// children.
func Workflow(ctx workflow.Context, state contract.ShareState) error {
	e := newEntity(ctx, state)
	if err := e.register(); err != nil {
		return err
	}
	for passes := 0; ; passes++ {
		if err := e.awaitTurn(); err != nil {
			return err
		}
		if err := e.step(); err != nil {
			return err
		}
		e.drain()
		if e.idle() && (passes+1 >= passesPerRun || workflow.GetInfo(ctx).GetContinueAsNewSuggested()) {
			if err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) }); err != nil {
				return err
			}
			e.drain()
			e.state.Dirty = e.state.Dirty || !e.retryAt.IsZero() // a look that was due survives the change of run
			return workflow.NewContinueAsNewError(ctx, contract.ShareWorkflow, e.state)
		}
	}
}

type entity struct {
	ctx   workflow.Context
	state contract.ShareState

	applied, observed, facts workflow.ReceiveChannel

	retryAt time.Time // zero: nothing is due by itself
	asking  *background
	leaving *background
}

// background is a child that runs beside the passes: a question to the target, or a reduction with its grace.
type background struct {
	cancel     workflow.CancelFunc
	id         string
	planDigest string
	started    workflow.Future
	done       bool
}

func newEntity(ctx workflow.Context, state contract.ShareState) *entity {
	e := &entity{ctx: ctx, state: state}
	e.applied = workflow.GetSignalChannel(ctx, contract.TopologyApplied)
	e.observed = workflow.GetSignalChannel(ctx, contract.TenantObserved)
	e.facts = workflow.GetSignalChannel(ctx, contract.FactsChanged)
	return e
}

// idle tells whether the run may end here: nothing in flight, nothing due.
func (e *entity) idle() bool {
	return e.asking == nil && e.leaving == nil && e.state.Stop == nil && len(e.state.Restores) == 0 && len(e.state.Reverts) == 0
}

// awaitTurn waits for a reason to run a pass.
func (e *entity) awaitTurn() error {
	for {
		e.drain()
		if e.turn() {
			return nil
		}
		if err := e.awaitNews(); err != nil {
			return err
		}
	}
}

func (e *entity) turn() bool {
	if e.state.Dirty || e.state.Stop != nil || len(e.state.Restores) > 0 || len(e.state.Reverts) > 0 {
		return true
	}
	return !e.retryAt.IsZero() && !workflow.Now(e.ctx).Before(e.retryAt)
}

// awaitNews sleeps until a signal, a command, a child's end or the retry timer.
func (e *entity) awaitNews() error {
	ctx, cancel := workflow.WithCancel(e.ctx)
	defer cancel()
	due := e.retryAt.IsZero()
	if !due {
		timer := workflow.NewTimer(ctx, max(e.retryAt.Sub(workflow.Now(e.ctx)), time.Millisecond))
		workflow.Go(ctx, func(ctx workflow.Context) {
			if timer.Get(ctx, nil) == nil {
				due = true
			}
		})
	}
	waiting := e.retryAt.IsZero()
	return workflow.Await(e.ctx, func() bool {
		return e.turn() || (!waiting && due) || e.applied.Len() > 0 || e.observed.Len() > 0 || e.facts.Len() > 0
	})
}

// lookAgain arranges the next pass while something is on its way.
func (e *entity) lookAgain(after time.Duration) { e.retryAt = workflow.Now(e.ctx).Add(after) }

// blocked notes a failed pass; it is tried again by itself, later each time.
func (e *entity) blocked(err error) {
	e.state.Failures++
	e.state.Problem = failure.ProblemOf(err)
	e.lookAgain(profile.Backoff(e.state.Pace, e.state.Failures))
}
