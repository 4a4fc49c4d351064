// Package restore undoes a reduction inside 30 days: the people come back into the scope group, Microsoft's
// engine restores the same objects, and where it does not, we restore them from the target's recycle bin.
package restore

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/workflows/profile"
)

// keep is how long a restored person stays in the share without being in its user set: as long as the recycle
// bin would have kept them.
const keep = 30 * 24 * time.Hour

// Workflow brings people back under their object ids. Who cannot come back as the same object is left as they are and
// recorded as lost, with the reason: those found out beforehand, and those for whom neither the engine nor Entra did it.
func Workflow(ctx workflow.Context, in contract.RestoreInput) (contract.RestoreResult, error) {
	r := &restore{ctx: ctx, in: in}
	all, err := r.restorable()
	if err != nil || all.Lost == all.Total {
		return contract.RestoreResult{Missing: all.Lost}, err
	}
	if err := r.include(); err != nil {
		return contract.RestoreResult{}, err
	}
	if err := r.readmit(); err != nil {
		return contract.RestoreResult{}, err
	}
	out, err := r.awaitEngine()
	if err != nil {
		return contract.RestoreResult{}, err
	}
	if out.Live < out.Total {
		if out, err = r.finish(out); err != nil {
			return contract.RestoreResult{}, err
		}
	}
	return contract.RestoreResult{Restored: out.Live, Missing: all.Total - out.Live}, nil
}

type restore struct {
	ctx workflow.Context
	in  contract.RestoreInput
}

func (r *restore) ref(t contract.TenantRef) contract.ReductionRef {
	return contract.ReductionRef{
		WriteIn: contract.WriteIn{Org: r.in.Run.Org, Share: r.in.Run.Share, Tenant: t, Run: r.in.Run.ID(), TargetTenantID: r.in.Run.Target.TenantID},
		ID:      r.in.Command.ReductionID, People: r.in.Command.People,
	}
}

// restorable finds out who can come back as the same object. Nobody else is put into the scope group: the engine would
// make a new object of them, which is not what was asked.
func (r *restore) restorable() (contract.RemovalsOut, error) {
	var out contract.RemovalsOut
	err := workflow.ExecuteActivity(profile.Read(r.ctx, r.in.Run.Target), contract.CheckRestorable, r.ref(r.in.Run.Target)).Get(r.ctx, &out)
	return out, err
}

// include makes the people wanted again, so that no plan takes them out while their set does not name them yet.
func (r *restore) include() error {
	in := contract.KeepRestoredIn{Org: r.in.Run.Org, Share: r.in.Run.Share, Command: r.in.Command, Until: workflow.Now(r.ctx).Add(keep)}
	return workflow.ExecuteActivity(profile.Core(r.ctx), contract.KeepRestored, in).Get(r.ctx, nil)
}

// readmit puts the people back into the scope group and restarts the job: a member who re-enters an in-scope
// group may go unnoticed until a restart.
func (r *restore) readmit() error {
	err := workflow.ExecuteActivity(profile.Write(r.ctx, r.in.Run.Source), contract.ReturnScopeMembers, r.ref(r.in.Run.Source)).Get(r.ctx, nil)
	if err != nil {
		return err
	}
	in := contract.JobIn{WriteIn: r.ref(r.in.Run.Source).WriteIn}
	return workflow.ExecuteActivity(profile.Write(r.ctx, r.in.Run.Source), contract.RestartJob, in).Get(r.ctx, nil)
}

// awaitEngine looks until everybody is live again, or the engine had its time.
func (r *restore) awaitEngine() (contract.RemovalsOut, error) {
	deadline := workflow.Now(r.ctx).Add(profile.EngineWindow(r.in.Run.Pace))
	for {
		out, err := r.look(false)
		if err != nil || out.Live == out.Total || workflow.Now(r.ctx).After(deadline) {
			return out, err
		}
		if err := workflow.Sleep(r.ctx, r.in.Run.Pace.Poll); err != nil {
			return out, err
		}
	}
}

// look counts who is back. In the final one who is not there is recorded as lost.
func (r *restore) look(final bool) (contract.RemovalsOut, error) {
	in := r.ref(r.in.Run.Target)
	in.Final = final
	var out contract.RemovalsOut
	err := workflow.ExecuteActivity(profile.Read(r.ctx, r.in.Run.Target), contract.CheckReturned, in).Get(r.ctx, &out)
	return out, err
}

// finish restores from the recycle bin what the engine left there: it does not bring back what a target's admin
// deleted. What was restored may take a while to be seen; who is not seen by then is lost.
func (r *restore) finish(out contract.RemovalsOut) (contract.RemovalsOut, error) {
	if out.InBin > 0 {
		err := workflow.ExecuteActivity(profile.Write(r.ctx, r.in.Run.Target), contract.UndeletePeople, r.ref(r.in.Run.Target)).Get(r.ctx, nil)
		if err != nil && !profile.IsKind(err, problem.Rejected, problem.NotFound) {
			return contract.RemovalsOut{}, err
		}
	}
	times, every := profile.Probes(r.in.Run.Pace)
	for n := 1; ; n++ {
		out, err := r.look(n == times)
		if err != nil || out.Live == out.Total || n == times {
			return out, err
		}
		if err := workflow.Sleep(r.ctx, every); err != nil {
			return out, err
		}
	}
}
