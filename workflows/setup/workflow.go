// Package setup converges both sides of one share to its plan: policies, application, job, secrets, schema,
// scope group, assignment, people, start. Its other entry takes a drained share down again.
//
// The order is the domain's: the target allows first, a job is not configured before the target allows inbound
// synchronization, and closing the target before everybody is out would strand people. Each write runs on its
// own tenant's queue with that tenant's credential.
package setup

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/temporalkit/failure"
	"entente.dev/entente/workflows/profile"
)

// Workflow makes the planned changes in order and returns what stands. Started again after a failure it finds
// what exists: every step looks first.
func Workflow(ctx workflow.Context, in contract.SetupInput) (contract.SetupResult, error) {
	s := &steps{ctx: ctx, in: in, found: in.Plan.Desired.Found}
	for _, step := range []func() error{
		s.openTarget, s.openSource, s.application, s.connection, s.job, s.secrets, s.schema,
		s.scopeGroup, s.assignment, s.people, s.start,
	} {
		if err := step(); err != nil {
			return contract.SetupResult{Found: s.found}, err
		}
	}
	return contract.SetupResult{Found: s.found, Added: s.added}, nil
}

type steps struct {
	ctx   workflow.Context
	in    contract.SetupInput
	found plan.Found
	added int
}

// write fills what is common to every write in one tenant.
func (s *steps) write(t contract.TenantRef) contract.WriteIn {
	return contract.WriteIn{Org: s.in.Run.Org, Share: s.in.Run.Share, Tenant: t, Run: s.in.Run.ID(), TargetTenantID: s.in.Run.Target.TenantID}
}

func (s *steps) atSource(name string, in, out any) error {
	return workflow.ExecuteActivity(profile.Write(s.ctx, s.in.Run.Source), name, in).Get(s.ctx, out)
}

func (s *steps) atTarget(name string, in, out any) error {
	return workflow.ExecuteActivity(profile.Write(s.ctx, s.in.Run.Target), name, in).Get(s.ctx, out)
}

func (s *steps) openTarget() error {
	if s.in.Plan.Has(plan.InboundPartner) {
		in := contract.PartnerIn{WriteIn: s.write(s.in.Run.Target), PartnerTenantID: s.in.Run.Source.TenantID, Inbound: true}
		if err := s.atTarget(contract.EnsurePartner, in, nil); err != nil {
			return err
		}
	}
	if !s.in.Plan.Has(plan.InboundSync) {
		return nil
	}
	in := contract.PartnerIn{WriteIn: s.write(s.in.Run.Target), PartnerTenantID: s.in.Run.Source.TenantID, Inbound: true}
	return s.atTarget(contract.EnsureInboundSync, in, nil)
}

func (s *steps) openSource() error {
	if !s.in.Plan.Has(plan.OutboundPartner) {
		return nil
	}
	in := contract.PartnerIn{WriteIn: s.write(s.in.Run.Source), PartnerTenantID: s.in.Run.Target.TenantID}
	return s.atSource(contract.EnsurePartner, in, nil)
}

// application finds our application by its name, or instantiates it once. Instantiate is not idempotent.
func (s *steps) application() error {
	if s.found.ServicePrincipalID != "" {
		return nil
	}
	in := contract.NameIn{WriteIn: s.write(s.in.Run.Source), Name: s.in.Plan.Desired.AppName}
	out, err := s.once(contract.FindApplication, contract.CreateApplication, in)
	s.found.ServicePrincipalID, s.found.AppID = out.ID, out.AppID
	return err
}

// connection waits until Entra's own test agrees that both policies allow the sync. Policy changes and a new
// service principal take their time to arrive everywhere.
func (s *steps) connection() error {
	if s.found.JobID != "" && !s.in.Plan.Has(plan.InboundPartner, plan.InboundSync, plan.OutboundPartner) {
		return nil
	}
	in := contract.JobIn{WriteIn: s.write(s.in.Run.Source), ServicePrincipalID: s.found.ServicePrincipalID, Desired: s.in.Plan.Desired}
	return s.patiently(func() error { return s.atSource(contract.CheckConnection, in, nil) })
}

func (s *steps) job() error {
	if s.found.JobID != "" {
		return nil
	}
	in := contract.JobIn{WriteIn: s.write(s.in.Run.Source), ServicePrincipalID: s.found.ServicePrincipalID}
	return s.patiently(func() error {
		out, err := s.once(contract.FindJob, contract.CreateJob, in)
		s.found.JobID = out.ID
		return err
	})
}

func (s *steps) secrets() error {
	if !s.in.Plan.Has(plan.Secrets) {
		return nil
	}
	return s.patiently(func() error { return s.atSource(contract.PutSecrets, s.jobIn(), nil) })
}

func (s *steps) schema() error {
	if !s.in.Plan.Has(plan.JobSchema) {
		return nil
	}
	return s.patiently(func() error { return s.atSource(contract.EnsureSchema, s.jobIn(), nil) })
}

func (s *steps) jobIn() contract.JobIn {
	return contract.JobIn{
		WriteIn: s.write(s.in.Run.Source), ServicePrincipalID: s.found.ServicePrincipalID,
		JobID: s.found.JobID, Desired: s.in.Plan.Desired,
	}
}

func (s *steps) scopeGroup() error {
	if s.found.ScopeGroupID != "" {
		return nil
	}
	in := contract.NameIn{WriteIn: s.write(s.in.Run.Source), Name: s.in.Plan.Desired.GroupName, Nickname: s.in.Plan.Desired.GroupNickname}
	out, err := s.once(contract.FindGroup, contract.CreateGroup, in)
	s.found.ScopeGroupID = out.ID
	return err
}

func (s *steps) assignment() error {
	if !s.in.Plan.Has(plan.Assignment) {
		return nil
	}
	in := contract.AssignIn{WriteIn: s.write(s.in.Run.Source), ServicePrincipalID: s.found.ServicePrincipalID, GroupID: s.found.ScopeGroupID}
	return s.patiently(func() error { return s.atSource(contract.AssignGroup, in, nil) })
}

func (s *steps) people() error {
	if !s.in.Plan.Has(plan.ScopeAdd) {
		return nil
	}
	in := contract.ScopeIn{WriteIn: s.write(s.in.Run.Source), GroupID: s.found.ScopeGroupID, PlanDigest: s.in.Plan.Digest}
	var out contract.BatchOut
	err := s.patiently(func() error { return s.atSource(contract.AddScopeMembers, in, &out) })
	s.added = out.Done
	return err
}

func (s *steps) start() error {
	if !s.in.Plan.Has(plan.StartJob) {
		return nil
	}
	return s.patiently(func() error { return s.atSource(contract.StartJob, s.jobIn(), nil) })
}

// once creates an object that Graph would create twice: look; create with a single attempt; when the answer
// was lost, look again over the consistency window and create once more only after N agreeing absences.
func (s *steps) once(find, create string, in any) (contract.FoundOut, error) {
	const rounds = 4
	look := func() (out contract.FoundOut, err error) {
		err = workflow.ExecuteActivity(profile.Read(s.ctx, s.in.Run.Source), find, in).Get(s.ctx, &out)
		return out, err
	}
	found, err := look()
	if err != nil || found.Exists {
		return found, err
	}
	for range rounds {
		err = profile.UntilDefinite(s.ctx, func() error {
			found = contract.FoundOut{}
			return workflow.ExecuteActivity(profile.Create(s.ctx, s.in.Run.Source), create, in).Get(s.ctx, &found)
		})
		if err == nil || !profile.IsKind(err, problem.Ambiguous) {
			return found, err
		}
		if found, err = s.probe(look); err != nil || found.Exists {
			return found, err
		}
	}
	return found, failure.ToTemporal(problem.New(problem.Ambiguous, create, "the answer was lost every time, and the object never appeared"))
}

// probe looks until it has seen the object, or N absences in a row. A 404 on the way to it agrees with nothing: what
// holds the object is itself not known everywhere yet.
func (s *steps) probe(look func() (contract.FoundOut, error)) (contract.FoundOut, error) {
	times, every := profile.Probes(s.in.Run.Pace)
	deadline := workflow.Now(s.ctx).Add(patience)
	for absences := 0; absences < times; {
		if err := workflow.Sleep(s.ctx, every); err != nil {
			return contract.FoundOut{}, err
		}
		out, err := look()
		switch {
		case err == nil && !out.Exists:
			absences++
		case err != nil && profile.IsKind(err, problem.NotFound) && workflow.Now(s.ctx).Before(deadline):
			absences = 0
		default:
			return out, err
		}
	}
	return contract.FoundOut{}, nil
}

// patience is how long a new object may take to be known by every service behind Graph; more than five
// minutes have been reported.
const patience = 15 * time.Minute

// patiently repeats a step that fails only because something new has not arrived everywhere yet: 404, 400 on
// a fresh reference, a connection test that still sees old policies.
func (s *steps) patiently(step func() error) error {
	deadline := workflow.Now(s.ctx).Add(patience)
	_, every := profile.Probes(s.in.Run.Pace)
	for {
		err := step()
		if err == nil || !profile.IsKind(err, problem.NotFound, problem.Rejected) || workflow.Now(s.ctx).After(deadline) {
			return err
		}
		if err := workflow.Sleep(s.ctx, every); err != nil {
			return err
		}
	}
}
