package organization

import (
	"errors"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/temporalkit/failure"
	"entente.dev/entente/workflows/profile"
)

// Preview observes every tenant of a topology side by side and plans all of its shares. It writes nothing to
// any tenant. The first tenant that cannot be observed fails it: a plan without one of its tenants would be a
// guess.
func Preview(ctx workflow.Context, in contract.PreviewInput) (contract.PlanRef, error) {
	err := first(profile.Each(ctx, len(in.Tenants), 20, func(ctx workflow.Context, i int) error {
		observe := contract.ObserveIn{Org: in.Org, Tenant: in.Tenants[i], TopologyDigest: in.TopologyDigest, At: workflow.Now(ctx)}
		return served(in.Tenants[i], workflow.ExecuteActivity(profile.Look(ctx, in.Tenants[i]), contract.ObserveTenant, observe).Get(ctx, nil))
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

// served says which tenant nobody looks after: no worker with its credential took the work in time.
func served(t contract.TenantRef, err error) error {
	var timeout *temporal.TimeoutError
	if !errors.As(err, &timeout) || timeout.TimeoutType() != enums.TIMEOUT_TYPE_SCHEDULE_TO_START {
		return err
	}
	p := problem.New(problem.Unavailable, "observe the tenant", "no process serves "+t.TenantID)
	p.Tenant = string(t.Name)
	p.Remedy = "correct tenantId in the topology, or add the tenant with its credential to the configuration of a running entented"
	return failure.ToTemporal(p)
}
