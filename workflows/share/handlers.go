package share

import (
	"cmp"

	"go.temporal.io/sdk/workflow"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/temporalkit/failure"
)

// register sets every handler before the first wait.
func (e *entity) register() error {
	if err := workflow.SetQueryHandler(e.ctx, contract.StatusQuery, func() (contract.ShareState, error) { return e.state, nil }); err != nil {
		return err
	}
	err := workflow.SetUpdateHandlerWithOptions(e.ctx, contract.StopUpdate, e.onStop, workflow.UpdateHandlerOptions{Validator: e.mayStop})
	if err != nil {
		return err
	}
	err = workflow.SetUpdateHandlerWithOptions(e.ctx, contract.RestoreUpdate, e.onRestore, workflow.UpdateHandlerOptions{Validator: e.mayRestore})
	if err != nil {
		return err
	}
	err = workflow.SetUpdateHandlerWithOptions(e.ctx, contract.RevokeUpdate, e.onRevoke, workflow.UpdateHandlerOptions{Validator: e.mayRevoke})
	if err != nil {
		return err
	}
	err = workflow.SetUpdateHandlerWithOptions(e.ctx, contract.ContinueUpdate, e.onContinue, workflow.UpdateHandlerOptions{Validator: e.mayContinue})
	if err != nil {
		return err
	}
	return workflow.SetUpdateHandlerWithOptions(e.ctx, contract.RevertUpdate, e.onRevert, workflow.UpdateHandlerOptions{Validator: e.mayRevert})
}

// hear notes topologies in the order of commands: what was applied before a command does not undo it.
func (e *entity) hear() {
	for {
		var s contract.TopologyAppliedSignal
		if !e.applied.ReceiveAsync(&s) {
			return
		}
		e.heard, e.anew = append(e.heard, s), true
	}
}

// drain takes every signal that waits.
func (e *entity) drain() {
	e.hear()
	for _, s := range e.heard {
		e.state.TopologyDigest, e.state.Pace, e.state.Failures = s.TopologyDigest, s.Pace, 0
		e.state.StayDigest = ""
		e.repaired()
		if who := cmp.Or(s.Subject, s.By); who != "" {
			e.state.Requester = who
		}
		e.due()
	}
	e.heard = nil
	e.revive()
	for {
		var s contract.TenantObservedSignal
		if !e.observed.ReceiveAsync(&s) {
			break
		}
		if s.Changed || e.replan || e.state.Phase != contract.PhaseBlocked { // a blocked share waits for its next try
			e.state.Dirty, e.replan = true, false
		}
	}
	for {
		if !e.facts.ReceiveAsync(nil) {
			break
		}
		e.due()
	}
	for {
		var s contract.ReductionMovedSignal
		if !e.moved.ReceiveAsync(&s) {
			break
		}
		e.onMoved(s)
	}
}

// revive lets a topology that was applied after the last command ask again whoever said no, and start a stopped share.
// A command that is still being carried out comes first.
func (e *entity) revive() {
	if !e.anew || e.state.Stop != nil || e.state.Revoke != nil {
		return
	}
	e.anew = false
	e.state.AskedDigest = ""
	switch e.state.Phase {
	case contract.PhaseStopped, contract.PhaseRejected, contract.PhaseExpired, contract.PhaseFrozen:
		e.state.Phase = contract.PhaseNew
	}
	e.due()
}

func (e *entity) mayStop(c contract.StopCommand) error {
	if c.By == "" {
		return failure.ToTemporal(problem.New(problem.Invalid, "stop the share", "nobody is named as asking for it"))
	}
	return nil
}

// onStop records the wish; stopping twice is the same as stopping once. Of an apply and a stop the later one counts.
func (e *entity) onStop(_ workflow.Context, c contract.StopCommand) error {
	e.hear()
	e.anew = false
	if e.state.Stop == nil && e.state.Phase != contract.PhaseStopped {
		e.state.Stop = &c
		e.due()
	}
	return nil
}

func (e *entity) mayRestore(c contract.RestoreCommand) error {
	if c.ReductionID == "" || c.By == "" {
		return failure.ToTemporal(problem.New(problem.Invalid, "restore people", "a reduction and a person who asks are needed"))
	}
	if e.state.Stop != nil || e.state.Phase == contract.PhaseStopped {
		p := problem.New(problem.Conflict, "restore people", "the share is stopped")
		p.Remedy = "apply the topology again to start the share, then restore"
		return failure.ToTemporal(p)
	}
	return nil
}

func (e *entity) onRestore(_ workflow.Context, c contract.RestoreCommand) error {
	e.state.Restores = append(e.state.Restores, c)
	e.due()
	return nil
}

func (e *entity) mayRevert(c contract.RevertCommand) error {
	if c.By == "" {
		return failure.ToTemporal(problem.New(problem.Invalid, "revert conversions", "nobody is named as asking for it"))
	}
	return nil
}

func (e *entity) onRevert(_ workflow.Context, c contract.RevertCommand) error {
	e.state.Reverts = append(e.state.Reverts, c)
	e.due()
	return nil
}
