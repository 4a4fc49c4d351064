package reduction

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/temporalkit/failure"
	"entente.dev/entente/workflows/profile"
)

// engine looks at the source's job while accounts are still live in the target. Deletions that it holds back are
// released when every one of them is an approved removal; accounts that it leaves for good are deleted by us, where
// they are ours.
func (r *reduction) engine(live int, elapsed time.Duration) error {
	found := r.in.Plan.Desired.Found
	if live == 0 || found.JobID == "" {
		return nil
	}
	window := profile.EngineWindow(r.in.Run.Pace)
	in := contract.EngineIn{
		ReductionRef: r.ref(r.in.Run.Source), ServicePrincipalID: found.ServicePrincipalID,
		Limit: r.in.Plan.Desired.DeleteLimit, Late: elapsed > window,
	}
	var out contract.EngineOut
	if err := workflow.ExecuteActivity(profile.Read(r.ctx, r.in.Run.Source), contract.CheckEngine, in).Get(r.ctx, &out); err != nil {
		return err
	}
	switch {
	case out.TooMany:
		return r.release(in, out)
	case out.Abandoned > 0 && !workflow.Now(r.ctx).Before(r.sweepAt):
		r.sweepAt = workflow.Now(r.ctx).Add(window)
		return r.sweep()
	default:
		return nil
	}
}

// release lets the engine go on when two looks in a row show the same deletions, all of them approved. While one is
// nobody's approved removal, none is released.
func (r *reduction) release(in contract.EngineIn, out contract.EngineOut) error {
	seen := r.staged
	r.staged = out.Digest
	switch {
	case out.Unapproved > 0:
		p := problem.New(problem.GuardTripped, "delete people in the target",
			fmt.Sprintf("Microsoft's engine holds its deletions back (TooManyDeletes), and %s among them left through no reduction; nobody is deleted", people(out.Unapproved)))
		p.Tenant = string(r.in.Run.Source.Name)
		p.Remedy = "`entente reductions` names them: put them back at home, then restart provisioning of the share's application in Entra, or wait until the engine looks again by itself"
		return failure.ToTemporal(p)
	case out.Staged == 0 || out.Digest != seen:
		return nil
	}
	err := workflow.ExecuteActivity(profile.Write(r.ctx, r.in.Run.Source), contract.ReleaseDeletes, contract.ReleaseIn{EngineIn: in, Digest: out.Digest}).Get(r.ctx, nil)
	if profile.IsKind(err, problem.Stale, problem.GuardTripped) { // they changed in between
		r.staged = ""
		return nil
	}
	return err
}

// sweep deletes what the engine leaves in the target and the ledger says is ours, and nobody whom a fresh plan wants.
func (r *reduction) sweep() error {
	look := contract.PlanShareIn{Org: r.in.Run.Org, TopologyDigest: r.in.TopologyDigest, Share: r.in.Run.Share, Drain: r.in.Drain}
	var fresh contract.SharePlanRef
	if err := workflow.ExecuteActivity(profile.Core(r.ctx), contract.PlanShare, look).Get(r.ctx, &fresh); err != nil {
		return err
	}
	in := contract.BroughtIn{ReductionRef: r.ref(r.in.Run.Target), TopologyDigest: r.in.TopologyDigest, PlanDigest: fresh.Digest}
	var ours contract.BatchOut
	if err := workflow.ExecuteActivity(profile.Core(r.ctx), contract.ProveBrought, in).Get(r.ctx, &ours); err != nil || ours.Done == 0 {
		return err
	}
	return workflow.ExecuteActivity(profile.Write(r.ctx, r.in.Run.Target), contract.DeleteBrought, in.ReductionRef).Get(r.ctx, nil)
}
