package bench

import (
	"context"
	"testing"
	"time"

	"entente.dev/entente/internal/demo"
	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/entrasim"
	"entente.dev/entente/internal/entrasim/world"
	"entente.dev/entente/internal/graph"
	"entente.dev/entente/internal/testkit/rig"
)

// BenchmarkMainJob measures apply to 12 of 12, the plan, and what a second, unchanged pass of all six shares
// asks of Graph.
func BenchmarkMainJob(b *testing.B) {
	for b.Loop() {
		r := rig.Start(b, "")
		bare := bareJob(b)
		before := r.Requests(b)
		took := r.ApplyAndSettle(b, rig.Topology("2s"))
		figure(b, "apply to 12 of 12", took.Seconds(), "s", 60, bare.Seconds(), "the same writes one after another by a bare client, then the engine")
		first := r.Requests(b) - before

		quiet := rig.Topology("40m")
		_, err := r.API.Plan(b.Context(), quiet) // the new interval is another topology: its groups are looked up once
		rig.Must(b, err)
		plan, requests := secondPass(b, r)
		figure(b, "plan", plan.Seconds(), "s", 1, fullRead(b, r).Seconds(), "reading the three tenants in full by a bare client")
		figure(b, "Graph requests of a second pass of six shares", float64(requests), "requests", 30, float64(first), "requests of the first pass, set-up included")
	}
}

// secondPass plans all six shares on a fresh look at all three tenants, between two of the daemon's own looks.
func secondPass(b *testing.B, r *rig.Rig) (time.Duration, int) {
	b.Helper()
	best, fewest := time.Hour, 1<<30
	for range 5 {
		before, began := r.Requests(b), time.Now()
		p, err := r.API.Plan(b.Context(), rig.Topology("40m"))
		rig.Must(b, err)
		if p.Pending {
			b.Fatal("the second plan is not empty")
		}
		best, fewest = min(best, time.Since(began)), min(fewest, r.Requests(b)-before)
	}
	return best, fewest
}

// fullRead is the least a plan without any memory would have to do.
func fullRead(b *testing.B, r *rig.Rig) time.Duration {
	b.Helper()
	began := time.Now()
	for _, c := range clientsOf(b, r.Sim) {
		_, err := c.UsersDelta(b.Context(), "", func(graph.UserChange) error { return nil })
		rig.Must(b, err)
		_, err = c.Partners(b.Context())
		rig.Must(b, err)
		_, err = c.SyncApps(b.Context())
		rig.Must(b, err)
	}
	return time.Since(began)
}

func clientsOf(b *testing.B, sim *entrasim.Server) map[string]*graph.Client {
	b.Helper()
	w := world.ThreeTenants(0) // only its credentials matter here
	out := map[string]*graph.Client{}
	for _, c := range demo.Tenants(w, sim) {
		client, err := graph.New(c)
		rig.Must(b, err)
		b.Cleanup(client.Close)
		out[c.Tenant] = client
	}
	return out
}

// bareJob sets the six shares up with nothing but the Graph client, and waits for the engine's eight members.
func bareJob(b *testing.B) time.Duration {
	b.Helper()
	alone := rig.Sim(b)
	sim, w := alone.Sim, alone.World
	clients := clientsOf(b, sim)
	ctx, began := b.Context(), time.Now()
	ids := map[string]string{}
	for _, t := range w.Tenants {
		ids[t.Name] = t.ID
	}
	for source := range clients {
		for target := range clients {
			if source != target {
				bareShare(ctx, b, clients[source], clients[target], ids[source], ids[target])
			}
		}
	}
	for members := 0; members < 8; rig.Wait(b, began) {
		members = 0
		for tenant := range clients {
			state, err := sim.Admin().State(ctx, tenant, false)
			rig.Must(b, err)
			for _, u := range state.Users {
				if u.External && u.UserType == "Member" {
					members++
				}
			}
		}
	}
	return time.Since(began)
}

func bareShare(ctx context.Context, b *testing.B, source, target *graph.Client, sourceID, targetID string) {
	b.Helper()
	yes := true
	if err := target.CreatePartner(ctx, sourceID, graph.PartnerPatch{InboundConsent: &yes}); err != nil {
		rig.Must(b, target.PatchPartner(ctx, sourceID, graph.PartnerPatch{InboundConsent: &yes}))
	}
	rig.Must(b, target.CreateIdentitySync(ctx, sourceID, true))
	if err := source.CreatePartner(ctx, targetID, graph.PartnerPatch{OutboundConsent: &yes}); err != nil {
		rig.Must(b, source.PatchPartner(ctx, targetID, graph.PartnerPatch{OutboundConsent: &yes}))
	}
	app, err := source.InstantiateSyncApp(ctx, "bare "+targetID)
	rig.Must(b, err)
	job := eventually(b, func() (directory.SyncJob, error) { return source.CreateJob(ctx, app.ServicePrincipalID) })
	rig.Must(b, source.PutSecrets(ctx, app.ServicePrincipalID, graph.SyncSecrets{TargetTenantID: targetID, DeleteLimit: 500}))
	raw, err := source.Schema(ctx, app.ServicePrincipalID, job.ID)
	rig.Must(b, err)
	raw, _, err = graph.EditSchema(raw, directory.Schema{UserType: "Member", UserTypeRecurring: true, ShowInAddressList: true, Deletes: true})
	rig.Must(b, err)
	rig.Must(b, source.PutSchema(ctx, app.ServicePrincipalID, job.ID, raw))
	people, err := source.GroupsByName(ctx, "Collaboration")
	rig.Must(b, err)
	eventually(b, func() (bool, error) {
		return true, source.AssignGroup(ctx, app.ServicePrincipalID, app.RoleID, people[0].ID)
	})
	rig.Must(b, source.StartJob(ctx, app.ServicePrincipalID, job.ID))
}

func eventually[T any](b *testing.B, try func() (T, error)) T {
	b.Helper()
	for began := time.Now(); ; rig.Wait(b, began) {
		if out, err := try(); err == nil {
			return out
		}
	}
}
