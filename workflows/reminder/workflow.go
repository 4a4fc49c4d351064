// Package reminder tells people of a question that waits: when it is asked, again and again while nobody answers, a
// second group once, and when it has ended. It runs beside the question and outlives it by its last word, so that a
// channel that does not answer never holds a question up.
package reminder

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/temporalkit/failure"
	"entente.dev/entente/workflows/profile"
)

// late is how long after its time a question that says nothing any more is waited for.
const late = time.Hour

// Workflow begins when the request is in the store and ends with it. What it carries over to a new run is its input.
func Workflow(ctx workflow.Context, in contract.ReminderInput) error {
	r := &reminder{in: in}
	r.telling, r.hush = workflow.WithCancel(ctx)
	workflow.Go(ctx, func(ctx workflow.Context) {
		workflow.GetSignalChannel(ctx, contract.RequestEnded).Receive(ctx, nil)
		r.ended = true
	})
	if r.in.OpenedAt.IsZero() {
		r.in.OpenedAt = workflow.Now(ctx)
		r.tell(contract.Asked, 0)
	}
	for !r.ended {
		due := r.due()
		if err := profile.AwaitFor(ctx, max(due.Sub(workflow.Now(ctx)), time.Millisecond), func() bool { return r.ended }); err != nil {
			return err
		}
		now := workflow.Now(ctx)
		if r.ended || !now.Before(in.Until.Add(late)) {
			break
		}
		r.say(now)
		if workflow.GetInfo(ctx).GetContinueAsNewSuggested() { // reminders of every second, for weeks
			r.hush()
			return workflow.NewContinueAsNewError(ctx, contract.ReminderWorkflow, r.in)
		}
	}
	r.hush() // that it was asked need not be said any more
	if r.ended {
		announce(ctx, contract.AnnounceIn{Org: in.Org, RequestID: in.RequestID, Occasion: contract.Ended}, profile.AnnounceFor)
	}
	return nil
}

type reminder struct {
	in      contract.ReminderInput
	ended   bool
	telling workflow.Context // of everything that is said while the question is open
	hush    workflow.CancelFunc
}

// due is when something is to be said next, or the question's time is over.
func (r *reminder) due() time.Time {
	due := r.in.Until.Add(late)
	for _, at := range []time.Time{r.reminds(), r.escalates()} {
		if !at.IsZero() && at.Before(due) {
			due = at
		}
	}
	return due
}

// reminds is when the next reminder is due; zero: never.
func (r *reminder) reminds() time.Time {
	if r.in.RemindAfter <= 0 {
		return time.Time{}
	}
	return before(r.in.Until, r.in.OpenedAt.Add(time.Duration(r.in.Reminded+1)*r.in.RemindAfter))
}

func (r *reminder) escalates() time.Time {
	if r.in.EscalateAfter <= 0 || r.in.Escalated {
		return time.Time{}
	}
	return before(r.in.Until, r.in.OpenedAt.Add(r.in.EscalateAfter))
}

// before is at, or zero where the question's time is over by then.
func before(until, at time.Time) time.Time {
	if at.Before(until) {
		return at
	}
	return time.Time{}
}

// say says whatever is due. A reminder that was slept through (no worker ran) is not made up for.
func (r *reminder) say(now time.Time) {
	if at := r.reminds(); !at.IsZero() && !now.Before(at) {
		r.in.Reminded = max(r.in.Reminded+1, int(now.Sub(r.in.OpenedAt)/r.in.RemindAfter))
		r.tell(contract.Reminded, r.in.Reminded)
	}
	if at := r.escalates(); !at.IsZero() && !now.Before(at) {
		r.in.Escalated = true
		r.tell(contract.Escalated, 0)
	}
}

// tell announces beside the timers: a channel that is slow delays none of them.
func (r *reminder) tell(occasion contract.Occasion, seq int) {
	in := contract.AnnounceIn{Org: r.in.Org, RequestID: r.in.RequestID, Occasion: occasion, Seq: seq}
	workflow.Go(r.telling, func(ctx workflow.Context) {
		announce(ctx, in, r.in.Until.Sub(workflow.Now(ctx)))
	})
}

// announce tells every channel by itself, so that one that fails is repeated alone. life is how long it is worth
// saying.
func announce(ctx workflow.Context, in contract.AnnounceIn, life time.Duration) {
	ctx = profile.Announce(ctx, life)
	var out contract.ChannelsOut
	if err := workflow.ExecuteActivity(ctx, contract.ListChannels, in).Get(ctx, &out); err != nil {
		unsaid(ctx, in, err)
		return
	}
	const width = 10
	for _, err := range profile.Each(ctx, len(out.Channels), width, func(ctx workflow.Context, i int) error {
		d := contract.DeliverIn{AnnounceIn: in, Channel: out.Channels[i]}
		d.ID = ident.Digest(d)
		return workflow.ExecuteActivity(ctx, contract.Deliver, d).Get(ctx, nil)
	}) {
		unsaid(ctx, in, err)
	}
}

// unsaid notes what could not be told. That a question ended before it was said is no failure.
func unsaid(ctx workflow.Context, in contract.AnnounceIn, err error) {
	if err == nil || ctx.Err() != nil {
		return
	}
	workflow.GetLogger(ctx).Warn("not announced", "request", in.RequestID, "occasion", string(in.Occasion), "kind", string(failure.ProblemOf(err).Kind))
}
