package profile

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"entente.dev/entente/internal/contract"
)

// Aside is for a read of a tenant that nobody waits for, and that people should see soon: tried for some minutes,
// throttling included, and given up when nobody serves the tenant.
func Aside(ctx workflow.Context, t contract.TenantRef) workflow.Context {
	options := workflow.GetActivityOptions(onTenant(ctx, t, 10*time.Minute, 20*time.Minute, 0))
	options.ScheduleToStartTimeout = 5 * time.Minute
	return workflow.WithActivityOptions(ctx, options)
}
