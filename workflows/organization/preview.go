package organization

import (
	"go.temporal.io/sdk/workflow"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/workflows/profile"
)

// Preview observes every tenant of a topology side by side and plans all of its shares. It writes nothing to
// any tenant. The first tenant that cannot be observed fails it: a plan without one of its tenants would be a
// guess.
func Preview(ctx workflow.Context, in contract.PreviewInput) (contract.PlanRef, error) {
	err := first(profile.Each(ctx, len(in.Tenants), 20, func(ctx workflow.Context, i int) error {
		observe := contract.ObserveIn{Org: in.Org, Tenant: in.Tenants[i], TopologyDigest: in.TopologyDigest}
		return workflow.ExecuteActivity(profile.Look(ctx, in.Tenants[i]), contract.ObserveTenant, observe).Get(ctx, nil)
	}))
	if err != nil {
		return contract.PlanRef{}, err
	}
	var ref contract.PlanRef
	err = workflow.ExecuteActivity(profile.Core(ctx), contract.PlanTopology, contract.PlanTopologyIn{
		Org: in.Org, TopologyDigest: in.TopologyDigest,
	}).Get(ctx, &ref)
	return ref, err
}
