package acceptance

import (
	"go.temporal.io/sdk/workflow"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/temporalkit/failure"
	"entente.dev/entente/workflows/profile"
)

// look is the state of looking at the target beside the waiting, for what its admin should know before the answer.
type look struct {
	running bool
	begun   bool
	asking  string // digest of the people whom it was last for
}

// lookDue: the question is stored, and nobody has looked for the people who ask now. One look runs at a time, so that
// an older one never has the last word.
func (q *question) lookDue() bool {
	return q.opened && !q.unsaved && !q.look.running && (!q.look.begun || q.look.asking != q.in.Plan.Asking)
}

// lookAside begins a look if one is due. It neither delays nor fails the question.
func (q *question) lookAside() {
	if !q.lookDue() {
		return
	}
	q.look = look{running: true, begun: true, asking: q.in.Plan.Asking}
	in := contract.CheckAddressesIn{Org: q.Org, RequestID: q.RequestID, Share: q.in.Run.Share, Tenant: q.in.Run.Target, PlanDigest: q.in.Plan.Digest}
	workflow.Go(q.ctx, func(ctx workflow.Context) {
		q.lookAt(ctx, in)
		q.look.running = false
	})
}

func (q *question) lookAt(ctx workflow.Context, in contract.CheckAddressesIn) {
	err := workflow.ExecuteActivity(profile.Aside(ctx, in.Tenant), contract.CheckAddresses, in).Get(ctx, nil)
	if err == nil || q.Outcome != "" || ctx.Err() != nil {
		return
	}
	note := contract.NoteUncheckedIn{Org: in.Org, RequestID: in.RequestID, Kind: failure.ProblemOf(err).Kind}
	if err := workflow.ExecuteActivity(profile.Core(ctx), contract.NoteUnchecked, note).Get(ctx, nil); err != nil && ctx.Err() == nil {
		workflow.GetLogger(ctx).Warn("nobody is told that the target was not looked at", "request", q.RequestID, "kind", string(failure.ProblemOf(err).Kind))
	}
}
