// Package ballot is the answer to a request: who may give it, who agreed, and the one outcome that is recorded,
// whoever races. Acceptance and reduction ask by it.
package ballot

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/temporalkit/failure"
	"entente.dev/entente/workflows/profile"
)

// Who is the person of a decision. Names are only to be shown: two people may share one, and one may be renamed.
func Who(subject, name string) string { return cmp.Or(subject, name) }

// Ballot is the count of one request: different people, as many as the policy asks for, and never the one who asks.
type Ballot struct {
	Org, RequestID string
	Tenant         ident.Tenant // whose admins answer
	Requester      string       // may say no, never yes; so may everybody who asked before them
	Needed         int          // how many different people; at least one
	Until          time.Time    // when nobody has answered in time

	Outcome store.RequestStatus // empty while it is open
	Reason  string

	earlier  []string // who else asked for what is open now
	approved []contract.Decision
	rejected *contract.Decision
	notes    []*note // approvals that the store does not show yet
	recorded bool
	failed   error
}

// note is an approval on its way into the store.
type note struct {
	in   contract.NoteApprovalIn
	done bool
	void bool // it was given to something else than what is asked now
}

// May refuses, before anything is in the history, an answer that cannot count.
func (b *Ballot) May(d contract.Decision) error {
	who := Who(d.Subject, d.By)
	switch {
	case d.By == "":
		return Refuse(problem.Invalid, "nobody is named as deciding")
	case b.Outcome != "":
		return Refuse(problem.Conflict, "the request is already "+string(b.Outcome))
	case d.Approve && (who == b.Requester || slices.Contains(b.earlier, who)):
		p := problem.New(problem.Forbidden, "decide on a request", "who asks does not answer for the target")
		p.Tenant = string(b.Tenant)
		p.Remedy = fmt.Sprintf("somebody else who is an admin of tenant %s must answer", b.Tenant)
		return failure.ToTemporal(p)
	case d.Approve && slices.ContainsFunc(b.approved, by(who)):
		return Refuse(problem.Conflict, "the same person cannot approve twice")
	}
	return nil
}

// Refuse is a refusal of a decision as its sender sees it.
func Refuse(kind problem.Kind, detail string) error {
	return failure.ToTemporal(problem.New(kind, "decide on a request", detail))
}

func by(who string) func(contract.Decision) bool {
	return func(d contract.Decision) bool { return Who(d.Subject, d.By) == who }
}

// Decide counts an answer and returns when it is recorded, so that a caller never sees a yes that is not kept.
func (b *Ballot) Decide(ctx workflow.Context, d contract.Decision) (contract.DecisionResult, error) {
	if !d.Approve {
		b.Outcome, b.Reason, b.rejected = store.Rejected, d.Reason, &d
		return b.kept(ctx)
	}
	b.approved = append(b.approved, d)
	missing := max(b.Needed, 1) - len(b.approved)
	if missing <= 0 {
		b.Outcome, b.Reason = store.Approved, d.Reason
		return b.kept(ctx)
	}
	n := &note{in: contract.NoteApprovalIn{Org: b.Org, ID: b.RequestID, Decision: d, Missing: missing}}
	b.notes = append(b.notes, n)
	if err := b.until(ctx, func() bool { return n.done || b.recorded }); err != nil {
		return contract.DecisionResult{}, err
	}
	switch {
	case n.void:
		return contract.DecisionResult{}, Refuse(problem.Stale, "what is asked has changed since; look again")
	case b.Outcome == store.Approved: // others agreed meanwhile
		return b.kept(ctx)
	case b.Outcome != "":
		return contract.DecisionResult{}, Refuse(problem.Conflict, "the request is already "+string(b.Outcome))
	}
	return contract.DecisionResult{Status: string(store.Waiting), Missing: missing}, nil
}

func (b *Ballot) kept(ctx workflow.Context) (contract.DecisionResult, error) {
	if err := b.until(ctx, func() bool { return b.recorded }); err != nil {
		return contract.DecisionResult{}, err
	}
	return contract.DecisionResult{Status: string(b.Outcome)}, b.failed
}

// until waits for what is written, also of a question that is being withdrawn: an answer that was taken is answered.
func (b *Ballot) until(ctx workflow.Context, written func() bool) error {
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	return workflow.Await(ctx, written)
}

// Void forgets every yes: it was given to something else. One that is not shown yet never will be.
func (b *Ballot) Void() { b.forget(func(contract.Decision) bool { return true }) }

func (b *Ballot) forget(which func(contract.Decision) bool) {
	b.approved = slices.DeleteFunc(slices.Clone(b.approved), which)
	b.notes = slices.DeleteFunc(slices.Clone(b.notes), func(n *note) bool {
		if which(n.in.Decision) {
			n.done, n.void = true, true
		}
		return n.void
	})
}

// askers bounds how many of those who asked before are remembered, the latest of them.
const askers = 100

// AskedBy takes over who asks now; a yes of theirs counts no longer, and whoever asked before answers as little.
func (b *Ballot) AskedBy(who string) {
	if who != "" {
		if b.Requester != "" && b.Requester != who && !slices.Contains(b.earlier, b.Requester) {
			b.earlier = append(b.earlier, b.Requester)
			b.earlier = b.earlier[max(0, len(b.earlier)-askers):]
		}
		b.Requester = who
		b.forget(by(who))
	}
}

// Await lets the question stand until it has an outcome. Cancellation withdraws it, but takes no answer back that was
// given before. tend runs, on this goroutine, whenever news says so.
func (b *Ballot) Await(ctx workflow.Context, news func() bool, tend func()) {
	for b.Outcome == "" {
		rest := max(b.Until.Sub(workflow.Now(ctx)), time.Millisecond)
		err := profile.AwaitFor(ctx, rest, func() bool { return b.Outcome != "" || len(b.notes) > 0 || news() })
		switch {
		case b.Outcome != "":
		case err != nil:
			b.Outcome, b.Reason = store.Withdrawn, "no longer needed"
		case !workflow.Now(ctx).Before(b.Until):
			b.Outcome, b.Reason = store.Expired, "nobody answered in time"
		default:
			tend()
			b.show(ctx)
		}
	}
}

// show writes the approvals that have come while others are missing.
func (b *Ballot) show(ctx workflow.Context) {
	for len(b.notes) > 0 {
		n := b.notes[0]
		if err := workflow.ExecuteActivity(profile.Core(ctx), contract.NoteApproval, n.in).Get(ctx, nil); err != nil && ctx.Err() == nil {
			workflow.GetLogger(ctx).Warn("an approval is not shown", "request", b.RequestID, "kind", string(failure.ProblemOf(err).Kind))
		}
		n.done = true
		b.notes = slices.DeleteFunc(b.notes, func(other *note) bool { return other == n })
	}
}

// Record writes the outcome and, on a yes that leaves one, the envelope.
func (b *Ballot) Record(ctx workflow.Context, envelope *plan.Envelope) error {
	in := contract.CloseRequestIn{Org: b.Org, ID: b.RequestID, Status: b.Outcome, Reason: b.Reason, At: workflow.Now(ctx), Envelope: envelope}
	for _, d := range b.decisions() {
		in.By, in.Subjects = append(in.By, d.By), append(in.Subjects, Who(d.Subject, d.By))
	}
	b.Fail(workflow.ExecuteActivity(profile.Core(ctx), contract.CloseRequest, in).Get(ctx, nil))
	return b.failed
}

// Fail lets whoever waits for the outcome know that it could not be recorded; nil: that it is.
func (b *Ballot) Fail(err error) { b.failed, b.recorded = err, true }

// Approvals are the decisions that count as a yes.
func (b *Ballot) Approvals() []contract.Decision { return b.approved }

// Names are those who agreed, as they are shown.
func (b *Ballot) Names() []string { return names(b.approved) }

// Last is who spoke last; empty when nobody did.
func (b *Ballot) Last() string {
	if all := names(b.decisions()); len(all) > 0 {
		return all[len(all)-1]
	}
	return ""
}

func (b *Ballot) decisions() []contract.Decision {
	if b.rejected == nil {
		return b.approved
	}
	return append(slices.Clone(b.approved), *b.rejected)
}

func names(decisions []contract.Decision) (out []string) {
	for _, d := range decisions {
		out = append(out, d.By)
	}
	return out
}
