package share

import (
	"go.temporal.io/sdk/workflow"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/temporalkit/failure"
	"entente.dev/entente/workflows/profile"
)

// mayRevoke refuses what takes nothing back.
func (e *entity) mayRevoke(c contract.RevokeCommand) error {
	p := problem.New(problem.Invalid, "revoke the acceptance", "")
	switch {
	case c.Mode != contract.Freeze && c.Mode != contract.DrainShare:
		p.Detail, p.Remedy = "there is no such way to revoke", "freeze (nothing new comes in) or drain (everybody is taken out)"
	case c.By == "" || c.Reason == "":
		p.Detail, p.Remedy = "a person who revokes and a reason are needed", "say why; everybody who has to do with the share reads it"
	case e.state.Stop != nil || e.state.Phase == contract.PhaseStopping:
		p.Kind, p.Detail, p.Remedy = problem.Conflict, "the share is being stopped: everybody is taken out already", "entente status shows how far it is"
	case e.state.Phase == contract.PhaseStopped || !e.state.Accepted:
		p.Kind, p.Detail, p.Remedy = problem.Conflict, "nothing is accepted and nothing is set up", "reject the request, if one is open"
	default:
		return nil
	}
	return failure.ToTemporal(p)
}

// onRevoke records the wish. Of several that are not carried out yet the one that takes more back counts; of an apply
// and a revocation the later one.
func (e *entity) onRevoke(_ workflow.Context, c contract.RevokeCommand) error {
	e.hear()
	e.anew = false
	if e.state.Revoke == nil || e.state.Revoke.Mode != contract.DrainShare {
		e.state.Revoke = &c
	}
	e.due()
	return nil
}

// revoke takes the target's yes back. An open question ends first: a yes that was given in the same moment is then
// stored, and taken back with the others.
func (e *entity) revoke() error {
	if err := e.unasked(); err != nil {
		return err
	}
	if e.revoking == "" {
		e.nextRun()
		e.revoking = e.run().ID()
	}
	c := e.state.Revoke
	in := contract.RevokeIn{Org: e.state.Org, Share: e.state.Share, Command: *c, At: workflow.Now(e.ctx), Run: e.revoking}
	if err := workflow.ExecuteActivity(profile.Core(e.ctx), contract.RevokeEnvelope, in).Get(e.ctx, nil); err != nil {
		return e.applyFailed(err, "the acceptance could not be taken back; nothing new comes in meanwhile")
	}
	e.revoking, e.state.Failures = "", 0
	if e.state.Revoke == c { // otherwise one that takes more back has come meanwhile
		e.state.Revoke = nil
	}
	e.state.AskedDigest = e.state.TopologyDigest
	if c.Mode == contract.DrainShare && e.state.Stop == nil {
		e.state.Stop = &contract.StopCommand{By: c.By, Reason: "revoked: " + c.Reason}
	}
	e.due()
	return e.ctx.Err()
}

// unasked withdraws the open question and waits for its end.
func (e *entity) unasked() error {
	e.asking.withdraw()
	for e.asking != nil {
		if err := workflow.Await(e.ctx, e.news); err != nil {
			return err
		}
		e.drain()
		e.settle()
	}
	return nil
}
