package graphread

import (
	"context"
	"fmt"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/graph"
	"entente.dev/entente/internal/problem"
)

// FindApplication looks for our application by its exact name, the marker that holds owner and share. More than
// one is a conflict for a person to solve, never a choice.
func (a *Activities) FindApplication(ctx context.Context, in contract.NameIn) (contract.FoundOut, error) {
	client, err := a.clients.Reader(in.Tenant.TenantID)
	if err != nil {
		return contract.FoundOut{}, err
	}
	apps, err := client.SyncAppsNamed(ctx, in.Name)
	if err != nil || len(apps) == 0 {
		return contract.FoundOut{}, err
	}
	if len(apps) > 1 {
		return contract.FoundOut{}, twice("find the application", string(in.Tenant.Name), len(apps), "applications", in.Name)
	}
	return contract.FoundOut{Exists: true, ID: apps[0].ServicePrincipalID, AppID: apps[0].AppID}, nil
}

// FindGroup looks for our scope group by its nickname.
func (a *Activities) FindGroup(ctx context.Context, in contract.NameIn) (contract.FoundOut, error) {
	client, err := a.clients.Reader(in.Tenant.TenantID)
	if err != nil {
		return contract.FoundOut{}, err
	}
	groups, err := client.GroupsByNickname(ctx, in.Nickname)
	if err != nil || len(groups) == 0 {
		return contract.FoundOut{}, err
	}
	if len(groups) > 1 {
		return contract.FoundOut{}, twice("find the scope group", string(in.Tenant.Name), len(groups), "groups", in.Nickname)
	}
	return contract.FoundOut{Exists: true, ID: groups[0].ID}, nil
}

// FindJob looks for the application's one job.
func (a *Activities) FindJob(ctx context.Context, in contract.JobIn) (contract.FoundOut, error) {
	client, err := a.clients.Reader(in.Tenant.TenantID)
	if err != nil {
		return contract.FoundOut{}, err
	}
	jobs, err := client.Jobs(ctx, in.ServicePrincipalID)
	if err != nil || len(jobs) == 0 {
		return contract.FoundOut{}, err
	}
	if len(jobs) > 1 {
		return contract.FoundOut{}, twice("find the job", string(in.Tenant.Name), len(jobs), graph.SyncJobTemplate+" jobs", in.ServicePrincipalID)
	}
	return contract.FoundOut{Exists: true, ID: jobs[0].ID, State: jobs[0].Code}, nil
}

func twice(op, tenant string, n int, what, name string) error {
	p := problem.New(problem.Conflict, op, fmt.Sprintf("%d %s are named %q", n, what, name))
	p.Tenant = tenant
	p.Remedy = "keep the one whose job runs, delete the others in Entra; Entente goes on by itself"
	return p
}
