package share

import (
	"time"

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
	return workflow.SetUpdateHandlerWithOptions(e.ctx, contract.RevertUpdate, e.onRevert, workflow.UpdateHandlerOptions{Validator: e.mayRevert})
}

// drain takes every signal that waits. A new topology revives a stopped or refused share.
func (e *entity) drain() {
	for {
		var s contract.TopologyAppliedSignal
		if !e.applied.ReceiveAsync(&s) {
			break
		}
		if s.TopologyDigest != e.state.TopologyDigest {
			e.state.AskedDigest = ""
		}
		e.state.TopologyDigest, e.state.Pace, e.state.Dirty, e.state.Failures = s.TopologyDigest, s.Pace, true, 0
		e.state.StayDigest = ""
		e.notBefore = time.Time{}
		if e.state.Phase == contract.PhaseStopped || e.state.Phase == contract.PhaseRejected || e.state.Phase == contract.PhaseExpired {
			e.state.Phase, e.state.AskedDigest = contract.PhaseNew, ""
		}
	}
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

func (e *entity) mayStop(c contract.StopCommand) error {
	if c.By == "" {
		return failure.ToTemporal(problem.New(problem.Invalid, "stop the share", "nobody is named as asking for it"))
	}
	return nil
}

// onStop records the wish; stopping twice is the same as stopping once.
func (e *entity) onStop(_ workflow.Context, c contract.StopCommand) error {
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
