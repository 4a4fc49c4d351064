package share

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/workflows/profile"
)

// asks tells whether the plan waits for an answer of the target; a target that took its yes back is asked again only
// when a topology is applied after that.
func asks(ref contract.SharePlanRef) bool { return ref.Acceptance.Needed || ref.Acceptance.Frozen }

// again tells whether the target accepted before: what is inside of that goes on while it is asked about the rest.
func again(ref contract.SharePlanRef) bool { return ref.Acceptance.Delta || ref.Acceptance.Frozen }

// await asks a target that never accepted: nothing else happens before its yes. A target that said no is not asked
// again for the same topology.
func (e *entity) await(ref contract.SharePlanRef) error {
	if e.state.AskedDigest == e.state.TopologyDigest {
		if e.state.Phase != contract.PhaseRejected && e.state.Phase != contract.PhaseExpired {
			e.enter(contract.PhaseRejected, "this topology was not accepted; apply again to ask again")
		}
		return nil
	}
	if asked, err := e.ask(ref); !asked {
		return err
	}
	e.enter(contract.PhaseWaiting, "in the inbox of tenant "+string(e.state.Target.Name)+": "+ref.Acceptance.Why)
	return nil
}

// askAside asks about what is outside of what the target accepted, and leaves it to the pass to go on with the rest. A
// question that needs no answer any more is withdrawn.
func (e *entity) askAside(ref contract.SharePlanRef) error {
	if !asks(ref) {
		e.asking.withdraw()
		return nil
	}
	if e.state.AskedDigest == e.state.TopologyDigest {
		if !ref.Acceptance.Frozen {
			e.aside = fmt.Sprintf("tenant %s did not accept %s: %s; apply again to ask again", e.state.Target.Name, waiting(ref), ref.Acceptance.Why)
		}
		return nil
	}
	asked, err := e.ask(ref)
	if asked {
		e.aside = fmt.Sprintf("%s for tenant %s: %s", count(outside(ref), "person waits", "people wait"), e.state.Target.Name, ref.Acceptance.Why)
	}
	return err
}

// outside is how many people a question to a target is about that accepted before: those who wait, or everybody where
// only its time is over.
func outside(ref contract.SharePlanRef) int {
	if ref.Counts.Waiting > 0 {
		return ref.Counts.Waiting
	}
	return ref.Counts.People
}

func waiting(ref contract.SharePlanRef) string { return people(outside(ref)) }

// ask puts the share into its target's inbox, once; while it waits, a changed plan refreshes what the admin sees.
// asked is false when the question does not stand: the phase or the next pass says why.
func (e *entity) ask(ref contract.SharePlanRef) (asked bool, err error) {
	if e.asking != nil && e.asking.cancelled { // withdrawn a moment ago; its end makes the next pass due
		return false, nil
	}
	if e.asking == nil { // whoever answers must run before anybody sees the question
		e.nextRun()
		e.state.RequestID = fmt.Sprintf("%s-%s-%d", e.state.Share.Source, e.state.Share.Target, e.state.RunSeq)
		in := contract.AcceptanceInput{Run: e.run(), RequestID: e.state.RequestID, Plan: ref, Requester: e.state.Requester}
		e.asking = e.beside(contract.AcceptanceWorkflow, "acceptance", in)
		e.asking.question = in
	}
	q := e.asking
	if err := q.future.GetChildWorkflowExecution().Get(e.ctx, nil); err != nil {
		return false, e.applyFailed(err, "the question to the target could not be started")
	}
	q.topology = e.state.TopologyDigest
	if !q.open {
		return e.open(q)
	}
	if q.question.Plan.Digest == ref.Digest && q.question.Requester == e.state.Requester {
		return true, nil
	}
	q.question.Plan, q.question.Requester = ref, e.state.Requester
	in := contract.PlanRefreshedSignal{SharePlanRef: ref, Requester: e.state.Requester}
	if q.future.SignalChildWorkflow(e.ctx, contract.PlanRefreshed, in).Get(e.ctx, nil) != nil {
		return false, e.ctx.Err() // it has just ended; the next pass sees how
	}
	return true, nil
}

// open stores the question, and tells who waits for its answer that people may be told of it.
func (e *entity) open(q *background) (bool, error) {
	in := contract.OpenRequestIn{Request: q.question.Request(q.id, workflow.Now(e.ctx))}
	if err := workflow.ExecuteActivity(profile.Core(e.ctx), contract.OpenRequest, in).Get(e.ctx, nil); err != nil {
		return false, e.applyFailed(err, "the target's inbox could not be written")
	}
	q.open = true
	if q.future.SignalChildWorkflow(e.ctx, contract.RequestOpened, nil).Get(e.ctx, nil) != nil {
		return false, e.ctx.Err() // it has just ended; the next pass sees how
	}
	return true, nil
}

// answered notes the target's answer. A no to what is outside of an acceptance leaves the share as it is.
func (e *entity) answered(b *background) {
	e.state.RequestID = ""
	if b.err != nil {
		e.endedBadly(b.err, "the question to the target ended")
		return
	}
	e.due()
	status := store.RequestStatus(b.answer.Status)
	if status == store.Approved {
		e.state.Accepted = true
	}
	if status != store.Rejected && status != store.Expired {
		return
	}
	e.state.AskedDigest = b.topology
	switch {
	case again(b.question.Plan):
	case status == store.Rejected:
		e.enter(contract.PhaseRejected, "the target said no: "+b.answer.Reason)
	default:
		e.enter(contract.PhaseExpired, notAnswered)
	}
}

const notAnswered = "nobody answered in time; apply again to ask again"
