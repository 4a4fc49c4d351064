package setup

import (
	"go.temporal.io/sdk/workflow"

	"entente.dev/entente/internal/contract"
)

// Teardown removes what a drained share leaves behind, in the order Graph demands: job, application and scope
// group in the source; identitySynchronization, then the partner entries, and of those only our direction:
// what the reverse share or another owner relies on stays. Each step is safe to repeat, so that an interrupted
// teardown goes on where it was.
func Teardown(ctx workflow.Context, in contract.TeardownInput) error {
	s := &steps{ctx: ctx, in: contract.SetupInput{Run: in.Run, Plan: in.Plan}, found: in.Found}
	for _, step := range []func() error{s.removeJob, s.removeApplication, s.removeGroup, s.closeTarget, s.closeSource} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (s *steps) removeJob() error {
	if s.found.ServicePrincipalID == "" || s.found.JobID == "" {
		return nil
	}
	return s.atSource(contract.DeleteJob, s.jobIn(), nil)
}

func (s *steps) removeApplication() error {
	if s.found.ServicePrincipalID == "" {
		return nil
	}
	return s.atSource(contract.DeleteApplication, s.jobIn(), nil)
}

func (s *steps) removeGroup() error {
	if s.found.ScopeGroupID == "" {
		return nil
	}
	in := contract.AssignIn{WriteIn: s.write(s.in.Run.Source), GroupID: s.found.ScopeGroupID}
	return s.atSource(contract.DeleteGroup, in, nil)
}

func (s *steps) closeTarget() error {
	in := contract.PartnerIn{WriteIn: s.write(s.in.Run.Target), PartnerTenantID: s.in.Run.Source.TenantID, Inbound: true}
	if err := s.atTarget(contract.DeleteInboundSync, in, nil); err != nil {
		return err
	}
	return s.atTarget(contract.ReleasePartner, in, nil)
}

func (s *steps) closeSource() error {
	in := contract.PartnerIn{WriteIn: s.write(s.in.Run.Source), PartnerTenantID: s.in.Run.Target.TenantID}
	return s.atSource(contract.ReleasePartner, in, nil)
}
