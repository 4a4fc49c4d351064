package graphread

import (
	"context"
	"slices"
	"strings"

	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/graph"
	"entente.dev/entente/internal/problem"
)

// apps reads the synchronization applications of a source: jobs and schemas each time, because the engine and
// other people change them; secrets and assignments on a deep look, and of applications not seen before.
func (o *observation) apps(ctx context.Context) error {
	o.next.Read = append(o.next.Read, directory.Apps)
	if !o.isSource() {
		return nil
	}
	apps, err := o.graph.SyncApps(ctx)
	if err != nil {
		return err
	}
	for i := range apps {
		if err := o.app(ctx, &apps[i]); err != nil {
			return err
		}
	}
	slices.SortFunc(apps, func(a, b directory.SyncApp) int { return strings.Compare(a.ServicePrincipalID, b.ServicePrincipalID) })
	o.next.Apps = apps
	return nil
}

// app completes one application. The synchronization service learns of a new application minutes later: until
// then it has no job and no settings.
func (o *observation) app(ctx context.Context, app *directory.SyncApp) error {
	jobs, err := o.graph.Jobs(ctx, app.ServicePrincipalID)
	if err != nil && problem.KindOf(err) != problem.NotFound {
		return err
	}
	for i := range jobs {
		raw, err := o.graph.Schema(ctx, app.ServicePrincipalID, jobs[i].ID)
		if err != nil {
			return err
		}
		if jobs[i].Schema, err = graph.ReadSchema(raw); err != nil {
			return err
		}
	}
	app.Jobs = jobs
	known := slices.IndexFunc(o.known.Apps, func(k directory.SyncApp) bool { return k.ServicePrincipalID == app.ServicePrincipalID })
	if known >= 0 && !o.in.Deep {
		app.CompanyID, app.SyncAll = o.known.Apps[known].CompanyID, o.known.Apps[known].SyncAll
		app.AssignedGroups = o.known.Apps[known].AssignedGroups
		return nil
	}
	return o.deepApp(ctx, app)
}

func (o *observation) deepApp(ctx context.Context, app *directory.SyncApp) error {
	secrets, err := o.graph.Secrets(ctx, app.ServicePrincipalID)
	if err != nil && problem.KindOf(err) != problem.NotFound {
		return err
	}
	app.CompanyID = strings.ToLower(secrets[graph.KeyCompanyID])
	app.SyncAll = strings.EqualFold(secrets[graph.KeySyncAll], "true")
	assigned, err := o.graph.AssignedTo(ctx, app.ServicePrincipalID)
	if err != nil && problem.KindOf(err) != problem.NotFound {
		return err
	}
	for _, a := range assigned {
		if a.PrincipalType == "Group" {
			app.AssignedGroups = append(app.AssignedGroups, a.PrincipalID)
		}
	}
	slices.Sort(app.AssignedGroups)
	return nil
}
