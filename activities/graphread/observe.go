package graphread

import (
	"context"
	"slices"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/topology"
)

// ObserveTenant reads what changed in a tenant since the last observation (everything the first time, or when
// the delta token is gone) and stores the sealed snapshot. An error stores nothing: a partial picture is
// never kept. Repeating it is harmless.
func (a *Activities) ObserveTenant(ctx context.Context, in contract.ObserveIn) (contract.ObserveOut, error) {
	lock := a.only(in.Org + "/" + string(in.Tenant.Name))
	lock.Lock()
	defer lock.Unlock()
	o, err := a.begin(ctx, in)
	if err != nil {
		return contract.ObserveOut{}, err
	}
	for _, read := range []func(context.Context) error{o.users, o.deleted, o.groups, o.partners, o.apps} {
		if err := read(ctx); err != nil {
			return contract.ObserveOut{}, err
		}
	}
	return a.keep(ctx, o)
}

// observation is one look at one tenant, built on the last one.
type observation struct {
	graph  Graph
	in     contract.ObserveIn
	topo   *topology.Topology
	known  *directory.Snapshot // the last observation; empty the first time
	digest string              // its digest, as it was stored
	first  bool
	next   directory.Snapshot
	cursor store.Cursor
	binned bool // the recycle bin may have changed
	// returned: somebody came out of the recycle bin. They are members of their groups again, which no change of
	// those groups says, and a group that was first read meanwhile did not name them.
	returned bool
}

func (a *Activities) begin(ctx context.Context, in contract.ObserveIn) (*observation, error) {
	client, err := a.clients.Reader(in.Tenant.TenantID)
	if err != nil {
		return nil, err
	}
	revision, err := a.store.Topology(ctx, in.Org, in.TopologyDigest)
	if err != nil {
		return nil, err
	}
	topo, problems := topology.Parse(revision.File, revision.Source)
	if len(problems) > 0 {
		return nil, problem.Wrap(problem.Invalid, "read the stored topology", problems)
	}
	o := &observation{graph: client, in: in, topo: topo}
	known, ref, cursor, err := a.store.LatestSnapshot(ctx, in.Org, in.Tenant.Name)
	switch {
	case problem.KindOf(err) == problem.NotFound && err != nil:
		o.first, o.known = true, &directory.Snapshot{}
	case err != nil:
		return nil, err
	default:
		o.known, o.cursor, o.digest = known, cursor, ref.Digest
	}
	if o.known.TenantID != "" && o.known.TenantID != in.Tenant.TenantID { // the name now stands for another tenant
		o.first, o.known, o.cursor = true, &directory.Snapshot{}, store.Cursor{}
	}
	if o.cursor.Extra == nil {
		o.cursor.Extra = map[string]string{}
	}
	if o.cursor.Groups == nil {
		o.cursor.Groups = map[string]string{}
	}
	o.next = directory.Snapshot{Tenant: in.Tenant.Name, TenantID: in.Tenant.TenantID, TakenAt: in.At}
	if in.At.IsZero() {
		o.next.TakenAt = a.now()
	}
	return o, nil
}

func (a *Activities) keep(ctx context.Context, o *observation) (contract.ObserveOut, error) {
	o.next.Users, o.next.Deleted, o.next.Groups = bare(o.next.Users), bare(o.next.Deleted), bare(o.next.Groups)
	o.next.Partners, o.next.Apps = bare(o.next.Partners), bare(o.next.Apps)
	if _, err := directory.Seal(&o.next); err != nil {
		return contract.ObserveOut{}, err
	}
	ref, err := a.store.PutSnapshot(ctx, o.in.Org, &o.next, true, o.cursor)
	if err != nil {
		return contract.ObserveOut{}, err
	}
	return contract.ObserveOut{
		SnapshotID: ref.ID, Digest: ref.Digest, Users: ref.Users, Changed: o.first || ref.Digest != o.digest,
	}, nil
}

// bare makes nothing look the same however it was read: the digest tells an empty list from none.
func bare[T any](list []T) []T {
	if len(list) == 0 {
		return nil
	}
	return list
}

// isSource and isTarget tell what the tenant is in this topology: a pure target needs no right to read
// synchronization jobs, and a pure source none to read the recycle bin.
func (o *observation) isSource() bool {
	return o.anyShare(func(s ident.Share) bool { return s.Source == o.in.Tenant.Name })
}

func (o *observation) isTarget() bool {
	return o.anyShare(func(s ident.Share) bool { return s.Target == o.in.Tenant.Name })
}

func (o *observation) anyShare(is func(ident.Share) bool) bool {
	return slices.ContainsFunc(o.shares(), is)
}

// shares are those of the topology and those that the tenant still carries although no topology declares them.
func (o *observation) shares() []ident.Share {
	out := slices.Clone(o.in.Shares)
	for _, s := range o.topo.Shares {
		if !slices.Contains(out, s.Share) {
			out = append(out, s.Share)
		}
	}
	return out
}

func (o *observation) partners(ctx context.Context) (err error) {
	if o.next.Partners, err = o.graph.Partners(ctx); err == nil {
		o.next.Read = append(o.next.Read, directory.Partners)
	}
	return err
}
