package app

import (
	"context"
	"net/http"
	"time"

	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/telemetry"
)

// serveMetrics reads what stands in the store at the time of the scrape, so that gauges are as true as lists and
// pages are, and survive a restart.
func (a *App) serveMetrics(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
	defer cancel()
	for _, name := range []telemetry.Metric{
		telemetry.Shares, telemetry.CoverageCells, telemetry.ApprovalsWaiting, telemetry.ObservationAge, telemetry.GraphBudget,
	} {
		a.metrics.Reset(name)
	}
	if orgs, err := a.store.Organizations(ctx); err == nil {
		for _, org := range orgs {
			if err := a.gauge(ctx, org); err != nil {
				a.options.Log.WarnContext(ctx, "gauges not read", "org", org, "error", err)
			}
		}
	}
	a.gaugeBudgets()
	a.metrics.Handler().ServeHTTP(w, r)
}

// gauge sets one organization's gauges.
func (a *App) gauge(ctx context.Context, org string) error {
	shares, err := a.store.ShareStatuses(ctx, org)
	if err != nil {
		return err
	}
	phases := map[string]int{}
	for _, s := range shares {
		phases[s.Phase]++
	}
	for phase, n := range phases {
		a.metrics.Set(telemetry.Shares, float64(n), org, phase)
	}
	tenants, err := a.store.TenantStatuses(ctx, org)
	if err != nil {
		return err
	}
	for _, t := range tenants {
		if !t.ObservedAt.IsZero() {
			a.metrics.Set(telemetry.ObservationAge, a.options.Now().Sub(t.ObservedAt).Seconds(), org, string(t.Tenant))
		}
	}
	waiting, err := a.store.ListRequests(ctx, store.RequestFilter{Org: org, Status: store.Waiting})
	if err != nil {
		return err
	}
	inboxes := map[ident.Tenant]int{}
	for _, r := range waiting {
		inboxes[r.Tenant]++
	}
	for _, t := range tenants { // an empty inbox is a fact too
		a.metrics.Set(telemetry.ApprovalsWaiting, float64(inboxes[t.Tenant]), org, string(t.Tenant))
	}
	return a.gaugeCoverage(ctx, org)
}

func (a *App) gaugeCoverage(ctx context.Context, org string) error {
	c, _, err := a.store.Coverage(ctx, org, store.CoverageFilter{Limit: 1})
	if err != nil {
		return nil // not computed yet
	}
	for state, n := range map[string]int{
		"wanted": c.Totals.Wanted, "covered": c.Totals.Covered, "internal": c.Totals.Internal, "member": c.Totals.Members,
		"guest": c.Totals.Guests, "pending": c.Totals.Pending, "absent": c.Totals.Absent, "softDeleted": c.Totals.SoftDeleted, "blocked": c.Totals.Blocked,
	} {
		a.metrics.Set(telemetry.CoverageCells, float64(n), org, state)
	}
	return nil
}

// gaugeBudgets tells how much of each tenant's published quota is in use: 1 while Graph has asked us to stop.
func (a *App) gaugeBudgets() {
	for tenant, budget := range a.budgets {
		for _, level := range budget.Levels() {
			used := 0.0
			if level.BlockedUntil.After(a.options.Now()) {
				used = 1
			} else if level.Burst > 0 {
				used = min(max(0, 1-level.Available/level.Burst), 1)
			}
			a.metrics.Set(telemetry.GraphBudget, used, tenant, string(level.Class))
		}
	}
}
