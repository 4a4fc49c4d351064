// Package share is the entity of one directed share. It owns the share's life and runs one pass at a time:
// plan on the newest complete snapshots, gate, apply, let the tenants be observed, and plan again until there
// is nothing left to do.
//
// It has no clock of its own. It wakes on a fact from one of its tenants, on a person, or on a deadline that
// it holds (a retry, or a look at Microsoft's engine while something is on its way).
//
//	workflow.go  the loop      handlers.go    what people and tenants say    state.go  projection and carry
//	step.go      one pass      children.go    the steps of a pass            stop.go   drain and take down
//	asking.go    the question  revoke.go      a yes taken back               blocks.go sign-ins turned off and on
//	rollout.go   ring by ring
//	quarantine.go  a job that is held back, and its restart                  calendar.go  nothing while that is frozen
//	background.go  questions and reductions, which run beside the passes     words.go  what people read
package share

import (
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/problem"
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
		e.breathe()
		if e.idle() && (passes+1 >= passesPerRun || workflow.GetInfo(ctx).GetContinueAsNewSuggested()) {
			if err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) }); err != nil {
				return err
			}
			e.drain()
			if e.commanded() {
				continue
			}
			e.state.Dirty = e.state.Dirty || !e.retryAt.IsZero() || !e.deadline.IsZero() // a look that was due survives the change of run
			return workflow.NewContinueAsNewError(ctx, contract.ShareWorkflow, e.state)
		}
	}
}

type entity struct {
	ctx   workflow.Context
	state contract.ShareState

	applied, observed, facts, moved workflow.ReceiveChannel

	heard []contract.TopologyAppliedSignal // not taken over yet
	anew  bool                             // a topology was applied after the last command to stop or to revoke

	retryAt   time.Time // zero: nothing is due by itself
	deadline  time.Time // when an acceptance or a hold ends; zero: none does
	notBefore time.Time // zero: a pass may begin at any time
	replan    bool      // the next observation ends a blocked share's wait
	asking    *background
	leaving   *background   // in grace, or being taken out
	proving   []*background // taken out; the proof is still to come
	trouble   *problem.Error
	revoking  string // the run that a revocation is recorded by, however often that is tried
	aside     string // what a person should know of beside the phase
}

func newEntity(ctx workflow.Context, state contract.ShareState) *entity {
	e := &entity{ctx: ctx, state: state}
	e.applied = workflow.GetSignalChannel(ctx, contract.TopologyApplied)
	e.observed = workflow.GetSignalChannel(ctx, contract.TenantObserved)
	e.facts = workflow.GetSignalChannel(ctx, contract.FactsChanged)
	e.moved = workflow.GetSignalChannel(ctx, contract.ReductionMoved)
	return e
}

// idle tells whether the run may end here: nothing in flight, no command left.
func (e *entity) idle() bool { return !e.accompanied() && !e.commanded() }

// accompanied tells whether a child runs beside the passes.
func (e *entity) accompanied() bool { return e.asking != nil || e.leaving != nil || len(e.proving) > 0 }

// commanded tells whether a person waits for something.
func (e *entity) commanded() bool {
	return e.state.Stop != nil || e.state.Revoke != nil || len(e.state.Restores) > 0 || len(e.state.Reverts) > 0
}

// awaitTurn waits for a reason to run a pass.
func (e *entity) awaitTurn() error {
	for {
		e.drain()
		e.settle()
		if e.turn() {
			return nil
		}
		if err := e.awaitNews(); err != nil {
			return err
		}
	}
}

// turn tells whether a pass is due now. A command that failed waits for its next try like everything else.
func (e *entity) turn() bool {
	now := workflow.Now(e.ctx)
	if e.commanded() && e.retryAt.IsZero() {
		return true
	}
	return (e.state.Dirty && !now.Before(e.notBefore)) || reached(e.retryAt, now) || reached(e.deadline, now)
}

func reached(at, now time.Time) bool { return !at.IsZero() && !now.Before(at) }

// soonest is the earlier of two times, of which zero is never.
func soonest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// awaitNews sleeps until a signal, a command, a child's end or the next pass that is due by the clock.
func (e *entity) awaitNews() error {
	news := func() bool { return e.turn() || e.news() }
	due := soonest(e.retryAt, e.deadline)
	if e.state.Dirty {
		due = soonest(due, e.notBefore)
	}
	if due.IsZero() {
		return workflow.Await(e.ctx, news)
	}
	return profile.AwaitFor(e.ctx, max(due.Sub(workflow.Now(e.ctx)), time.Millisecond), news)
}

// news tells whether something waits to be taken.
func (e *entity) news() bool {
	if e.applied.Len() > 0 || e.observed.Len() > 0 || e.facts.Len() > 0 || e.moved.Len() > 0 {
		return true
	}
	return slices.ContainsFunc(e.besides(), func(b *background) bool { return b.done })
}

// crowded is the least time between passes when the history is long and a child that runs beside them keeps the
// run from ending. A question may wait for weeks, a proof for a month.
const crowded = time.Hour

func (e *entity) breathe() {
	e.notBefore = time.Time{}
	if e.accompanied() && !e.commanded() && workflow.GetInfo(e.ctx).GetContinueAsNewSuggested() {
		e.notBefore = workflow.Now(e.ctx).Add(crowded)
	}
}

// lookAgain arranges the next pass while something is on its way.
func (e *entity) lookAgain(after time.Duration) { e.retryAt = workflow.Now(e.ctx).Add(after) }

// until arranges a pass for when the plan will be another one by itself. The planner has a clock of its own: a time
// that it has not reached yet is waited for a little longer instead of over and over.
func (e *entity) until(deadline time.Time) {
	e.deadline = time.Time{}
	if deadline.IsZero() {
		return
	}
	e.deadline = deadline.Add(time.Second)
	if least := workflow.Now(e.ctx).Add(max(e.state.Pace.Poll, time.Second)); e.deadline.Before(least) {
		e.deadline = least
	}
}

// blocked notes a failed pass; it is tried again by itself, later each time.
func (e *entity) blocked(err error) {
	e.state.Failures++
	e.state.Problem = failure.ProblemOf(err)
	e.lookAgain(profile.Backoff(e.state.Pace, e.state.Failures))
}
