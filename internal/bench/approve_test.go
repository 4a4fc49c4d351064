package bench

import (
	"context"
	"slices"
	"testing"
	"time"

	"entente.dev/entente/internal/api/client"
	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/testkit/rig"
)

// BenchmarkApproveToWrite measures how long after an admin's yes Graph receives the first write: every question of
// four worlds, one after the other, each when nothing else is on its way.
func BenchmarkApproveToWrite(b *testing.B) {
	for b.Loop() {
		const worlds = 4
		var waits, bare []time.Duration
		for range worlds {
			r := rig.Start(b, "")
			bare = append(bare, oneRequest(b, r))
			waits = append(waits, approvals(b, r)...)
			rig.Must(b, r.App.Stop())
		}
		figure(b, "approve to first write at p95", percentile(waits, 95).Seconds(), "s", 2, percentile(bare, 95).Seconds(), "one Graph request by a bare client, its sign-in included")
	}
}

// percentile is the smallest value that so many percent do not exceed.
func percentile(of []time.Duration, percent int) time.Duration {
	slices.Sort(of)
	return of[(len(of)*percent+99)/100-1]
}

func oneRequest(b *testing.B, r *rig.Rig) time.Duration {
	b.Helper()
	c := clientsOf(b, r.Sim)["a"]
	began := time.Now()
	_, err := c.Partners(b.Context())
	rig.Must(b, err)
	return time.Since(began)
}

// approvals answers every question of the main job and returns how long each took to be a write.
func approvals(b *testing.B, r *rig.Rig) []time.Duration {
	b.Helper()
	ctx, began := b.Context(), time.Now()
	t := rig.Topology("2s")
	_, err := r.API.Apply(ctx, wire.Apply{File: t.File, Text: t.Text})
	rig.Must(b, err)
	for len(waiting(b, r)) < 6 {
		rig.Wait(b, began)
	}
	var out []time.Duration
	for _, request := range waiting(b, r) {
		counts, err := r.Sim.Admin().Counts(ctx)
		rig.Must(b, err)
		asked := time.Now()
		_, err = r.Admins[request.Tenant].Approve(ctx, rig.Organization, request.ID, wire.Approve{ExistingGuests: "keep"})
		rig.Must(b, err)
		for !wrote(ctx, b, r, counts.Seq) {
			time.Sleep(10 * time.Millisecond)
			if time.Since(asked) > time.Minute {
				b.Fatal("no write within a minute")
			}
		}
		out = append(out, time.Since(asked))
		for !inSync(b, r, request) {
			rig.Wait(b, began)
		}
	}
	return out
}

func waiting(b *testing.B, r *rig.Rig) []store.Request {
	b.Helper()
	list, err := r.API.Requests(b.Context(), rig.Organization, client.RequestFilter{Status: "waiting"})
	rig.Must(b, err)
	return list.Requests
}

func wrote(ctx context.Context, b *testing.B, r *rig.Rig, since uint64) bool {
	b.Helper()
	entries, err := r.Sim.Admin().Requests(ctx, since, 0, 0)
	rig.Must(b, err)
	for _, e := range entries {
		if e.Write {
			return true
		}
	}
	return false
}

func inSync(b *testing.B, r *rig.Rig, request store.Request) bool {
	b.Helper()
	status, err := r.API.Status(b.Context(), rig.Organization)
	rig.Must(b, err)
	for _, s := range status.Shares {
		if s.Share == request.Share {
			return s.InSync
		}
	}
	return false
}
