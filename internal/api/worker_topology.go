package api

import (
	"context"
	"slices"

	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/topology"
)

func (s *server) workerTopology(ctx context.Context, in *inDigest) (wire.WorkerTopology, error) {
	w, err := s.worker(ctx, in.Org)
	if err != nil {
		return wire.WorkerTopology{}, err
	}
	r, err := s.Store.Topology(ctx, in.Org, in.Digest)
	if err != nil {
		return wire.WorkerTopology{}, err
	}
	t, faults := topology.Parse(r.File, r.Source)
	if len(faults) > 0 {
		return wire.WorkerTopology{}, problem.New(problem.Bug, "read the stored topology", "it cannot be read any more; apply the topology again")
	}
	return wire.WorkerTopology{Organization: r.Org, Digest: r.Digest, Text: string(topology.Print(w.view(t)))}, nil
}

// What stands for something that a worker is not told. The file must still be one that can be read.
const (
	withheld         = "withheld"
	withheldDomain   = "withheld.invalid"
	withheldUser     = "withheld@withheld.invalid"
	withheldTenantID = "00000000-0000-4000-8000-000000000000"
)

// view is a topology without what does not concern the worker's tenants: other shares, the user sets that only those
// carry, protected people of others, tenants that are on neither side of its own, and when nothing may run, which
// workflows decide. A list of people in another tenant's set is left out.
func (w worker) view(t *topology.Topology) *topology.Topology {
	out := &topology.Topology{Name: t.Name, Rollout: t.Rollout}
	sides, sets := map[ident.Tenant]bool{}, map[string]bool{}
	for _, own := range w.tenants {
		sides[own] = true
	}
	for _, share := range t.Shares {
		if w.touches(share.Share) {
			out.Shares = append(out.Shares, share)
			sides[share.Source], sides[share.Target] = true, true
			for _, name := range share.Sets {
				sets[name] = true
			}
		}
	}
	for _, set := range t.UserSets {
		if own := w.has(set.Tenant); !own && !sets[set.Name] {
			continue
		} else if !own && len(set.Users) > 0 {
			set.Users = []string{withheldUser}
		}
		out.UserSets = append(out.UserSets, set)
	}
	for _, p := range t.Protected { // their groups are observed too
		if w.has(p.Tenant) {
			out.Protected = append(out.Protected, p)
		}
	}
	out.Tenants = slices.DeleteFunc(slices.Clone(t.Tenants), func(t topology.Tenant) bool { return !sides[t.Name] })
	return readable(out)
}

// readable fills what every topology must have: a tenant that is being released is in none of its lists.
func readable(t *topology.Topology) *topology.Topology {
	if len(t.Tenants) == 0 {
		t.Tenants = []topology.Tenant{{Name: withheld, TenantID: withheldTenantID, Domain: withheldDomain}}
	}
	if len(t.UserSets) == 0 {
		t.UserSets = []topology.UserSet{{Name: withheld, Tenant: t.Tenants[0].Name, Users: []string{withheldUser}}}
	}
	return t
}
