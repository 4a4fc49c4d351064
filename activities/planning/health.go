package planning

import (
	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/plan"
)

// health is how the share's own job was doing when its source was last looked at.
func health(p *plan.SharePlan, in plan.Input) contract.JobHealth {
	source := in.Snapshots[p.Share.Source].Snapshot()
	if source == nil || p.Desired.Found.JobID == "" {
		return contract.JobHealth{}
	}
	for _, app := range source.Apps {
		for _, job := range app.Jobs {
			if app.ServicePrincipalID == p.Desired.Found.ServicePrincipalID && job.ID == p.Desired.Found.JobID {
				return contract.JobHealth{Code: job.Code, State: job.State, Reason: job.QuarantineReason, Error: job.QuarantineCode, Since: job.QuarantinedAt}
			}
		}
	}
	return contract.JobHealth{}
}
