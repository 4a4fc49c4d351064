package share

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/temporalkit/failure"
)

// opened tells the planner how far the rollout is. A share that rolls nothing out is planned as if its first ring were
// opened now: where that shows something to do, a rollout begins.
func (e *entity) opened() *plan.Opened {
	if r := e.state.Rollout; r != nil {
		return &r.Opened
	}
	return &plan.Opened{Rings: 1, Since: workflow.Now(e.ctx)}
}

// roll takes over what the plan says of the rings. A topology without a rollout ends the one that was in progress.
func (e *entity) roll(ref contract.SharePlanRef) {
	ring, r := ref.Ring, e.state.Rollout
	work := ring.Arrivals + ring.Conversions + ring.Removals
	if ring.Of == 0 || r == nil && work == 0 && !ring.More {
		e.state.Rollout = nil
		return
	}
	if r == nil {
		owed := max(0, ref.Pending-ring.Arrivals-ring.Conversions)
		r = &contract.RolloutState{Opened: plan.Opened{Since: workflow.Now(e.ctx)}, Owed: owed}
		e.state.Rollout = r
	}
	r.Opened.Rings, r.Of, r.More, r.Size = ring.Open, ring.Of, ring.More, max(r.Size, work)
}

// rolling says which ring is open; empty without a rollout.
func (e *entity) rolling() string {
	r := e.state.Rollout
	switch {
	case r == nil:
		return ""
	case r.Paused:
		return fmt.Sprintf("ring %d of %d paused: %d of %s failed; entente continue %s %s opens the next ring",
			r.Opened.Rings, r.Of, r.Failed, people(max(r.Size, r.Failed)), e.state.Share.Source, e.state.Share.Target)
	case r.Of < 2:
		return ""
	}
	return fmt.Sprintf("ring %d of %d", r.Opened.Rings, r.Of)
}

// notes is what a person should know of beside the phase.
func (e *entity) notes() string { return also(e.rolling(), e.aside) }

// rests tells whether a paused rollout keeps the share from going on: a person decides.
func (e *entity) rests() bool {
	if e.state.Rollout == nil || !e.state.Rollout.Paused {
		return false
	}
	e.enter(contract.PhasePaused, also(e.notes(), e.departing()))
	return true
}

// ringed tells whether everybody of the ring is in: who is still missing was missing before.
func (e *entity) ringed(ref contract.SharePlanRef) bool {
	return e.state.Rollout != nil && ref.Pending <= e.state.Rollout.Owed
}

// rolled judges the ring whose time is over, or whose people are all as planned: the rollout pauses when too many of
// them are not, goes on to the next ring, or is over. It is true when the pass ends with that.
func (e *entity) rolled(ref contract.SharePlanRef) bool {
	r := e.state.Rollout
	if r == nil {
		return false
	}
	failed := max(0, ref.Pending-r.Owed)
	const all = 100
	if failed*all > ref.PauseAbove*max(r.Size, failed) {
		r.Paused, r.Failed = true, failed
		e.tellOf("waiting")
		return e.rests()
	}
	if r.Opened.Rings >= r.Of {
		e.state.Rollout = nil
		return false
	}
	if r.Size > 0 {
		e.tellOf("done")
	}
	e.openNext(ref.Pending)
	return true
}

// openNext opens the next ring, or all that are left where none of them does more. The next pass sees what it brings.
func (e *entity) openNext(owed int) {
	r := e.state.Rollout
	next := contract.RolloutState{Opened: r.Opened, Of: r.Of, More: r.More, Owed: owed}
	next.Opened.Rings = min(r.Opened.Rings+1, r.Of)
	if !r.More {
		next.Opened.Rings = r.Of
	}
	e.state.Rollout, e.state.WaitingSince = &next, time.Time{}
	e.due()
}

// tellOf records in the share's history what became of a ring.
func (e *entity) tellOf(outcome string) {
	now := workflow.Now(e.ctx)
	e.nextRun()
	run := store.Run{Trigger: "rollout", Phase: string(e.state.Phase), PlanDigest: e.state.PlanDigest, Outcome: outcome, Detail: e.rolling(), StartedAt: now, EndedAt: now}
	e.recordRun(run)
}

func (e *entity) mayContinue(c contract.ContinueCommand) error {
	p := problem.New(problem.Invalid, "continue the rollout", "")
	switch {
	case c.By == "" || c.Reason == "":
		p.Detail, p.Remedy = "a person who continues and a reason are needed", "say why; everybody who has to do with the share reads it"
	case e.state.Rollout == nil || !e.state.Rollout.Paused:
		p.Kind, p.Detail, p.Remedy = problem.Conflict, "no rollout of this share is paused", "entente status shows where it stands"
	default:
		return nil
	}
	return failure.ToTemporal(p)
}

// onContinue opens the next ring although people failed: from here on they count as missing before.
func (e *entity) onContinue(_ workflow.Context, _ contract.ContinueCommand) error {
	e.openNext(e.state.Rollout.Owed + e.state.Rollout.Failed)
	return nil
}
