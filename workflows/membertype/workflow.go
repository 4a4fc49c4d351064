// Package membertype brings existing guests to userType Member, as the target agreed, and back again.
//
// The set-up has made the source's userType mapping recurring, so that Microsoft's engine converts; whoever it
// leaves behind is changed by our own write in the target. Each conversion is recorded with its reverse before
// it is awaited.
package membertype

import (
	"go.temporal.io/sdk/workflow"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/workflows/profile"
)

// Workflow converts the guests of a share plan, or turns recorded conversions back.
func Workflow(ctx workflow.Context, in contract.MemberTypeInput) (contract.MemberTypeResult, error) {
	guests := contract.GuestsIn{
		WriteIn:    contract.WriteIn{Org: in.Run.Org, Share: in.Run.Share, Tenant: in.Run.Target, Run: in.Run.ID(), TargetTenantID: in.Run.Target.TenantID},
		PlanDigest: in.PlanDigest, Revert: in.Revert,
	}
	if in.Revert {
		return revert(ctx, in, guests)
	}
	if err := workflow.ExecuteActivity(profile.Core(ctx), contract.RecordConversions, guests).Get(ctx, nil); err != nil {
		return contract.MemberTypeResult{}, err
	}
	left, err := awaitEngine(ctx, in, guests)
	if err != nil || left.Guests == 0 {
		return contract.MemberTypeResult{Converted: left.Total - left.Guests}, err
	}
	var done contract.GuestsOut
	err = workflow.ExecuteActivity(profile.Write(ctx, in.Run.Target), contract.ConvertGuests, guests).Get(ctx, &done)
	return contract.MemberTypeResult{Converted: left.Total, Patched: done.Done}, err
}

// awaitEngine looks at the target until nobody is left a guest, or the engine had its time.
func awaitEngine(ctx workflow.Context, in contract.MemberTypeInput, guests contract.GuestsIn) (contract.GuestsOut, error) {
	deadline := workflow.Now(ctx).Add(profile.EngineWindow(in.Run.Pace))
	for {
		var out contract.GuestsOut
		if err := workflow.ExecuteActivity(profile.Read(ctx, in.Run.Target), contract.CheckGuests, guests).Get(ctx, &out); err != nil {
			return out, err
		}
		if out.Guests == 0 || workflow.Now(ctx).After(deadline) {
			return out, nil
		}
		if err := workflow.Sleep(ctx, in.Run.Pace.Poll); err != nil {
			return out, err
		}
	}
}

// revert first lets the share keep guests, so that the mapping stops being recurring with the next plan, then
// writes the earlier type back.
func revert(ctx workflow.Context, in contract.MemberTypeInput, guests contract.GuestsIn) (contract.MemberTypeResult, error) {
	if err := workflow.ExecuteActivity(profile.Core(ctx), contract.RecordConversions, guests).Get(ctx, nil); err != nil {
		return contract.MemberTypeResult{}, err
	}
	var done contract.GuestsOut
	err := workflow.ExecuteActivity(profile.Write(ctx, in.Run.Target), contract.ConvertGuests, guests).Get(ctx, &done)
	return contract.MemberTypeResult{Reverted: done.Done}, err
}
