package share

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/workflows/profile"
)

// switchSignIns turns sign-ins in the target off and on, as its holds say. wrote is true when something changed: the
// pass ends, and the next plan sees it. One account that cannot be switched holds up nobody.
func (e *entity) switchSignIns(ref contract.SharePlanRef) (wrote bool, err error) {
	var sum contract.BatchOut
	for _, step := range []struct {
		kind     plan.Kind
		activity string
	}{{plan.Block, contract.BlockPlanned}, {plan.Unblock, contract.UnblockPlanned}} {
		if !ref.Has(step.kind) || step.kind == plan.Unblock && !ref.FrozenUntil.IsZero() {
			continue
		}
		if sum == (contract.BatchOut{}) {
			e.nextRun()
		}
		var out contract.BatchOut
		in := contract.GuestsIn{WriteIn: e.write(e.state.Target), PlanDigest: ref.Digest}
		if err := workflow.ExecuteActivity(profile.Write(e.ctx, e.state.Target), step.activity, in).Get(e.ctx, &out); err != nil {
			return true, e.ended(err, "switching sign-ins in the target stopped")
		}
		sum.Done, sum.Failed = sum.Done+out.Done, sum.Failed+out.Failed
	}
	if sum.Failed > 0 {
		e.aside = also(e.aside, fmt.Sprintf("the sign-in of %s could not be switched in tenant %s", people(sum.Failed), e.state.Target.Name))
	}
	if sum.Done == 0 {
		return false, nil
	}
	return true, e.ended(nil, "")
}
