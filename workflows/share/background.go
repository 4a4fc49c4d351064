package share

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/workflows/profile"
)

// background is a child that runs beside the passes: a question to the target, or a reduction with its grace.
type background struct {
	cancel    workflow.CancelFunc
	id        string
	question  contract.AcceptanceInput // as it was last asked
	topology  string                   // that it was asked for
	open      bool                     // people can see it
	future    workflow.ChildWorkflowFuture
	reduction string // its ID
	people    int
	leaving   string // digest of who would be taken out
	held      string // an over-budget reduction waits for the target: why

	cancelled bool

	done   bool
	err    error
	answer contract.AcceptanceResult // of a question
	result contract.ReductionResult  // of a reduction
}

// beside starts a child; its end makes the next pass due. The coroutine only notes the end: what follows from it
// happens on the main goroutine, in settle.
func (e *entity) beside(name, noun string, in any) *background {
	ctx, cancel := workflow.WithCancel(e.ctx)
	b := &background{cancel: cancel, id: e.run().ID() + "/" + noun, topology: e.state.TopologyDigest}
	b.future = workflow.ExecuteChildWorkflow(profile.Child(ctx, b.id), name, in)
	workflow.Go(e.ctx, func(ctx workflow.Context) {
		if name == contract.AcceptanceWorkflow {
			b.err = b.future.Get(ctx, &b.answer)
		} else {
			b.err = b.future.Get(ctx, &b.result)
		}
		b.done = true
	})
	return b
}

// withdraw asks the child to end.
func (b *background) withdraw() {
	if b != nil && !b.done && !b.cancelled {
		b.cancelled = true
		b.cancel()
	}
}

// besides are all children that run beside the passes.
func (e *entity) besides() []*background {
	out := slices.Clone(e.proving)
	for _, b := range []*background{e.asking, e.leaving} {
		if b != nil {
			out = append(out, b)
		}
	}
	return out
}

// settle takes over what ended beside the passes.
func (e *entity) settle() {
	if b := e.asking; b != nil && b.done {
		e.asking = nil
		e.answered(b)
	}
	for _, b := range e.besides() {
		if b.done && b != e.asking {
			e.left(b)
		}
	}
}

// left notes the end of a reduction.
func (e *entity) left(b *background) {
	if e.leaving == b {
		e.leaving = nil
	}
	e.proving = slices.DeleteFunc(e.proving, func(o *background) bool { return o == b })
	if len(e.proving) == 0 {
		e.trouble = nil
	}
	if b.err != nil && !b.cancelled {
		e.endedBadly(b.err, "the reduction stopped")
		return
	}
	if status := store.RequestStatus(b.result.Status); status == store.Rejected || status == store.Expired {
		e.state.StayDigest = b.leaving
	}
	e.due()
}

// due makes the next pass due at once.
func (e *entity) due() { e.state.Dirty, e.notBefore = true, time.Time{} }

// endedBadly blocks the share; the next try begins with a pass, later each time.
func (e *entity) endedBadly(err error, what string) {
	if e.ctx.Err() != nil {
		return
	}
	e.blocked(err)
	e.enter(contract.PhaseBlocked, what)
}

// onMoved follows a reduction: once its people are out, others may leave while the proof is awaited.
func (e *entity) onMoved(s contract.ReductionMovedSignal) {
	if s.Agreed && e.leaving != nil && e.leaving.reduction == s.ID {
		e.leaving.held = ""
		e.due()
		return
	}
	if s.Removed && e.leaving != nil && e.leaving.reduction == s.ID {
		e.proving, e.leaving = append(e.proving, e.leaving), nil
		e.wrote()
	}
	e.trouble = s.Problem
	e.due()
}

// departing says who is on the way out; empty when nobody is.
func (e *entity) departing() string {
	if e.leaving == nil && len(e.proving) == 0 {
		return ""
	}
	n, proofs := 0, 0
	var parts []string
	if b := e.leaving; b != nil && b.held != "" {
		parts = append(parts, b.held)
	} else if b != nil {
		n += b.people
	}
	for _, b := range e.proving {
		n, proofs = n+b.people, proofs+b.people
	}
	if n > 0 {
		parts = append(parts, leave(n))
	}
	if proofs > 0 {
		parts = append(parts, fmt.Sprintf("for %d of them the proof is awaited", proofs))
	}
	return strings.Join(parts, "; ")
}

// depart shows who is on the way out: while the target is asked about them, the share waits for its answer.
func (e *entity) depart(detail string) {
	if e.leaving != nil && e.leaving.held != "" && len(e.proving) == 0 {
		e.enter(contract.PhaseWaiting, detail)
		return
	}
	e.enter(contract.PhaseReducing, detail)
}
