package graphwrite

import (
	"context"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/graph"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
)

// CreateApplication instantiates the cross-tenant synchronization template. It is the one write that Graph
// would do twice: the workflow gives it one attempt and looks before another.
func (a *Activities) CreateApplication(ctx context.Context, in contract.NameIn) (contract.FoundOut, error) {
	ctx = watched(ctx)
	client, err := a.clients.Writer(in.Tenant.TenantID)
	if err != nil {
		return contract.FoundOut{}, err
	}
	made, err := client.InstantiateSyncApp(ctx, in.Name)
	if err != nil {
		return contract.FoundOut{}, err
	}
	out := contract.FoundOut{Exists: true, ID: made.ServicePrincipalID, AppID: made.AppID}
	return out, a.created(ctx, in.WriteIn, "application", made.ServicePrincipalID, made)
}

// CheckConnection asks Entra whether both sides allow the synchronization. Rejected means not yet, or not at
// all: policies take minutes to arrive.
func (a *Activities) CheckConnection(ctx context.Context, in contract.JobIn) error {
	ctx = watched(ctx)
	client, err := a.clients.Writer(in.Tenant.TenantID)
	if err != nil {
		return err
	}
	return repeatable(client.ValidateCredentials(ctx, in.ServicePrincipalID, in.Desired.TargetTenantID))
}

// CreateJob makes the application's one job, as CreateApplication makes the application.
func (a *Activities) CreateJob(ctx context.Context, in contract.JobIn) (contract.FoundOut, error) {
	ctx = watched(ctx)
	client, err := a.clients.Writer(in.Tenant.TenantID)
	if err != nil {
		return contract.FoundOut{}, err
	}
	job, err := client.CreateJob(ctx, in.ServicePrincipalID)
	if err != nil {
		return contract.FoundOut{}, err
	}
	return contract.FoundOut{Exists: true, ID: job.ID, State: job.Code}, a.created(ctx, in.WriteIn, "job", job.ID, job)
}

// PutSecrets replaces the application's settings by the whole wanted set.
func (a *Activities) PutSecrets(ctx context.Context, in contract.JobIn) error {
	ctx = watched(ctx)
	client, err := a.ourApp(ctx, "put synchronization settings", in)
	if err != nil {
		return err
	}
	if err := a.claim(ctx, in.WriteIn, "application", in.ServicePrincipalID); err != nil {
		return err
	}
	settings := graph.SyncSecrets{TargetTenantID: in.Desired.TargetTenantID, DeleteLimit: in.Desired.DeleteLimit}
	if err := client.PutSecrets(ctx, in.ServicePrincipalID, settings); err != nil {
		return repeatable(err)
	}
	return a.did(ctx, in.WriteIn, "put-settings", in.ServicePrincipalID, change{after: settings})
}

// EnsureSchema edits the user mapping where it differs: each save starts an initial cycle over everybody.
func (a *Activities) EnsureSchema(ctx context.Context, in contract.JobIn) error {
	ctx = watched(ctx)
	client, err := a.ourApp(ctx, "edit the synchronization schema", in)
	if err != nil {
		return err
	}
	if err := a.claim(ctx, in.WriteIn, "job", in.JobID); err != nil {
		return err
	}
	raw, err := client.Schema(ctx, in.ServicePrincipalID, in.JobID)
	if err != nil {
		return err
	}
	edited, changed, err := graph.EditSchema(raw, in.Desired.Schema)
	if err != nil {
		return err
	}
	if !changed {
		return a.found(ctx, in.WriteIn, "put-schema", in.JobID)
	}
	if err := client.PutSchema(ctx, in.ServicePrincipalID, in.JobID, edited); err != nil {
		return repeatable(err)
	}
	return a.did(ctx, in.WriteIn, "put-schema", in.JobID, change{before: raw, after: edited})
}

// StartJob starts a job that does not run. It reads first: starting a running job again can halt the service.
func (a *Activities) StartJob(ctx context.Context, in contract.JobIn) error {
	ctx = watched(ctx)
	client, err := a.ourApp(ctx, "start the job", in)
	if err != nil {
		return err
	}
	status, err := client.JobStatus(ctx, in.ServicePrincipalID, in.JobID)
	if err != nil {
		return err
	}
	if status.State == "Active" && status.Code != graph.CodePaused {
		return a.found(ctx, in.WriteIn, "start-job", in.JobID)
	}
	if err := client.StartJob(ctx, in.ServicePrincipalID, in.JobID); err != nil {
		return repeatable(err)
	}
	return a.did(ctx, in.WriteIn, "start-job", in.JobID, change{before: status, after: "started"})
}

// RestartJob makes a job look at everybody again. Without ids it finds the share's own application and job.
// While deletions are staged it refuses: anything but ForceDeletes could lose them.
func (a *Activities) RestartJob(ctx context.Context, in contract.JobIn) error {
	ctx = watched(ctx)
	client, err := a.clients.Writer(in.Tenant.TenantID)
	if err != nil {
		return err
	}
	if in.ServicePrincipalID == "" {
		if in.ServicePrincipalID, in.JobID, err = a.ownJob(ctx, client, in); err != nil {
			return err
		}
	}
	if client, err = a.ourApp(ctx, "restart the job", in); err != nil {
		return err
	}
	status, err := client.JobStatus(ctx, in.ServicePrincipalID, in.JobID)
	if err != nil {
		return err
	}
	if status.QuarantineReason == "TooManyDeletes" && in.Scope != graph.ResetForceDeletes {
		p := problem.New(problem.GuardTripped, "restart the job", "it holds deletions back (TooManyDeletes)")
		p.Tenant, p.Remedy = string(in.Tenant.Name), "look at the staged deletions in the provisioning log before anything restarts the job"
		return p
	}
	if err := client.RestartJob(ctx, in.ServicePrincipalID, in.JobID, in.Scope); err != nil {
		return repeatable(err)
	}
	return a.did(ctx, in.WriteIn, "restart-job", in.JobID, change{before: status, after: "restarted " + in.Scope})
}

func (a *Activities) ownJob(ctx context.Context, client Graph, in contract.JobIn) (sp, job string, err error) {
	apps, err := client.SyncAppsNamed(ctx, plan.AppName(in.Org, in.Share, in.TargetTenantID))
	if err != nil {
		return "", "", err
	}
	if len(apps) != 1 {
		return "", "", problem.New(problem.NotFound, "find the share's application", "it is not there, or there is more than one")
	}
	jobs, err := client.Jobs(ctx, apps[0].ServicePrincipalID)
	if err != nil {
		return "", "", err
	}
	if len(jobs) != 1 {
		return "", "", problem.New(problem.NotFound, "find the share's job", "it is not there, or there is more than one")
	}
	return apps[0].ServicePrincipalID, jobs[0].ID, nil
}

// AssignGroup makes the scope group the application's only scope.
func (a *Activities) AssignGroup(ctx context.Context, in contract.AssignIn) error {
	ctx = watched(ctx)
	client, err := a.ourApp(ctx, "assign the scope group", contract.JobIn{WriteIn: in.WriteIn, ServicePrincipalID: in.ServicePrincipalID})
	if err != nil {
		return err
	}
	assigned, err := client.AssignedTo(ctx, in.ServicePrincipalID)
	if err != nil {
		return err
	}
	for _, as := range assigned {
		if as.PrincipalID == in.GroupID {
			return a.found(ctx, in.WriteIn, "assign-group", in.GroupID)
		}
	}
	sp, err := client.ServicePrincipal(ctx, in.ServicePrincipalID)
	if err != nil {
		return err
	}
	if err := client.AssignGroup(ctx, in.ServicePrincipalID, sp.RoleID, in.GroupID); err != nil {
		return repeatable(err)
	}
	return a.did(ctx, in.WriteIn, "assign-group", in.GroupID, change{before: assigned, after: []string{in.ServicePrincipalID, sp.RoleID, in.GroupID}})
}

// DeleteJob removes the job of a drained share. People in the target are not touched by it.
func (a *Activities) DeleteJob(ctx context.Context, in contract.JobIn) error {
	ctx = watched(ctx)
	client, err := a.ourApp(ctx, "delete the job", in)
	if missing(err) {
		return a.gone(ctx, in.WriteIn, "job", in.JobID, nil)
	}
	if err != nil {
		return err
	}
	if err := client.DeleteJob(ctx, in.ServicePrincipalID, in.JobID); err != nil && !missing(err) {
		return repeatable(err)
	}
	return a.gone(ctx, in.WriteIn, "job", in.JobID, in.JobID)
}

// DeleteApplication removes service principal and registration of a drained share.
func (a *Activities) DeleteApplication(ctx context.Context, in contract.JobIn) error {
	ctx = watched(ctx)
	client, err := a.ourApp(ctx, "delete the application", in)
	if missing(err) {
		return a.gone(ctx, in.WriteIn, "application", in.ServicePrincipalID, nil)
	}
	if err != nil {
		return err
	}
	sp, err := client.ServicePrincipal(ctx, in.ServicePrincipalID)
	if err != nil {
		return err
	}
	registration, err := client.ApplicationByAppID(ctx, sp.AppID)
	if err != nil && !missing(err) {
		return err
	}
	if registration != "" { // first the registration: while the service principal stands, a repeat finds both
		if err := client.DeleteApplication(ctx, registration); err != nil && !missing(err) {
			return repeatable(err)
		}
	}
	if err := client.DeleteServicePrincipal(ctx, in.ServicePrincipalID); err != nil && !missing(err) {
		return repeatable(err)
	}
	return a.gone(ctx, in.WriteIn, "application", in.ServicePrincipalID, sp)
}

// ourApp refuses an application whose name is not the share's marker.
func (a *Activities) ourApp(ctx context.Context, op string, in contract.JobIn) (Graph, error) {
	client, err := a.clients.Writer(in.Tenant.TenantID)
	if err != nil {
		return nil, err
	}
	sp, err := client.ServicePrincipal(ctx, in.ServicePrincipalID)
	if err != nil {
		return nil, err
	}
	if sp.DisplayName != plan.AppName(in.Org, in.Share, in.TargetTenantID) {
		return nil, notOurs(op, in.WriteIn, in.ServicePrincipalID)
	}
	return client, nil
}
