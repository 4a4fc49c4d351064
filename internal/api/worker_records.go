package api

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/ledger"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/topology"
)

type inEntries struct {
	OrgPath
	Body wire.WorkerEntries
}

func (s *server) workerAppend(ctx context.Context, in *inEntries) (wire.WorkerEntries, error) {
	w, err := s.worker(ctx, in.Org)
	if err != nil {
		return wire.WorkerEntries{}, err
	}
	for _, e := range in.Body.Entries {
		if err := w.mayAppend(e); err != nil {
			return wire.WorkerEntries{}, err
		}
	}
	stored, err := s.Store.AppendAll(ctx, in.Body.Entries)
	if err != nil {
		return wire.WorkerEntries{}, err
	}
	for i, e := range stored {
		// The key may be that of an entry that is there: of somebody else's this worker must not learn.
		if sent := in.Body.Entries[i]; e.Tenant != sent.Tenant || e.Object != sent.Object || e.Share == nil || *e.Share != *sent.Share {
			return wire.WorkerEntries{}, &problem.Error{Kind: problem.Conflict, Op: "append to the ledger", Detail: "another entry has the key of this one",
				Remedy: "report it: keys name the run, the object and the activity"}
		}
	}
	return wire.WorkerEntries{Entries: list(stored)}, nil
}

// mayAppend lets a worker tell what a run did in its own tenant. It cannot speak for people: who decided is recorded
// where they decide.
func (w worker) mayAppend(e store.Entry) error {
	const op = "append to the ledger"
	switch {
	case e.Org != w.org:
		return beyond(op, e.Tenant, "an entry is of another organization")
	case e.Share == nil || e.Tenant != e.Share.Source && e.Tenant != e.Share.Target:
		return beyond(op, e.Tenant, "an entry names no share that its tenant is a side of")
	case slices.Contains(ledger.Decisions(), e.Verb) || !actsAsRun(e):
		return beyond(op, e.Tenant, "an entry tells of a decision, or of something that no run of its share did")
	}
	if broughtBySource(e) {
		return w.of(e.Share.Source)
	}
	return w.of(e.Tenant)
}

// actsAsRun tells whether the entry's actor is a pass of its share.
func actsAsRun(e store.Entry) bool {
	const first = 0
	prefix := strings.TrimSuffix(contract.RunID(e.Org, *e.Share, first), fmt.Sprint(first))
	return strings.HasPrefix(e.Actor, prefix)
}

// broughtBySource is what Microsoft's engine did in the target: it says so in the source's log, so that the source's
// worker tells it.
func broughtBySource(e store.Entry) bool {
	return (e.Verb == "created" || e.Verb == "converted") && e.Tenant == e.Share.Target && e.Data["provisioningLog"] != "" &&
		e.Key == e.Verb+"/"+e.Data["provisioningLog"]
}

func (s *server) workerReductions(ctx context.Context, in *OrgPath) (wire.WorkerReductions, error) {
	out := wire.WorkerReductions{Reductions: []store.Reduction{}}
	w, err := s.worker(ctx, in.Org)
	if err != nil {
		return out, err
	}
	all, err := s.Store.ListReductions(ctx, in.Org)
	for _, r := range all {
		if w.touches(r.Share) {
			out.Reductions = append(out.Reductions, nameless(r))
		}
	}
	return out, err
}

// nameless leaves the names out.
func nameless(r store.Reduction) store.Reduction {
	r.Removals = slices.Clone(r.Removals)
	for i := range r.Removals {
		r.Removals[i].UPN = ""
	}
	return r
}

func (s *server) workerReduction(ctx context.Context, in *IDPath) (store.Reduction, error) {
	r, err := s.reductionOf(ctx, in)
	return nameless(r), err
}

func (s *server) reductionOf(ctx context.Context, in *IDPath) (store.Reduction, error) {
	w, err := s.worker(ctx, in.Org)
	if err != nil {
		return store.Reduction{}, err
	}
	r, err := s.Store.Reduction(ctx, in.Org, in.ID)
	if err == nil {
		err = w.ofShare(r.Share)
	}
	if err != nil {
		return store.Reduction{}, err
	}
	return r, nil
}

type inReduction struct {
	IDPath
	Body store.Reduction
}

// workerPutReduction takes over how far each removal is. Who leaves which share, and why, was decided elsewhere.
func (s *server) workerPutReduction(ctx context.Context, in *inReduction) (wire.Recorded, error) {
	kept, err := s.reductionOf(ctx, &in.IDPath)
	if err != nil {
		return wire.Recorded{}, err
	}
	told := in.Body
	same := told.ID == kept.ID && told.Org == kept.Org && told.Share == kept.Share && told.Reason == kept.Reason &&
		told.OpenedAt.Equal(kept.OpenedAt) && len(told.Removals) == len(kept.Removals)
	for i := 0; same && i < len(kept.Removals); i++ {
		same = told.Removals[i].Person == kept.Removals[i].Person
		told.Removals[i].UPN, told.Removals[i].Brought = kept.Removals[i].UPN, kept.Removals[i].Brought
	}
	if !same {
		return wire.Recorded{}, beyond("note a reduction", kept.Share.Target, "it is about other people, another share or another decision")
	}
	return recorded(s.Store.PutReduction(ctx, told))
}

func (s *server) workerOwned(ctx context.Context, in *OrgPath) (wire.WorkerOwned, error) {
	w, err := s.worker(ctx, in.Org)
	if err != nil {
		return wire.WorkerOwned{}, err
	}
	all, err := s.Store.Owned(ctx, in.Org)
	return wire.WorkerOwned{Owned: only(all, func(o store.Owned) bool { return w.has(o.Tenant) })}, err
}

type inOwned struct {
	OrgPath
	Body store.Owned
}

func (s *server) workerPutOwned(ctx context.Context, in *inOwned) (wire.Recorded, error) {
	const op = "note an object"
	w, err := s.worker(ctx, in.Org)
	if err == nil {
		err = w.of(in.Body.Tenant)
	}
	if err == nil {
		err = w.ownedByOthers(op, in.Body.ID)
	}
	if err != nil {
		return wire.Recorded{}, err
	}
	if share := in.Body.Share; share != (ident.Share{}) && in.Body.Tenant != share.Source && in.Body.Tenant != share.Target {
		return wire.Recorded{}, beyond(op, in.Body.Tenant, "the object is of a share that its tenant is no side of")
	}
	if err := w.ofItsPair(op, in.Body); err != nil {
		return wire.Recorded{}, err
	}
	return recorded(s.Store.PutOwned(ctx, in.Org, in.Body))
}

// ownedByOthers refuses an id under which another tenant's object is known.
func (w worker) ownedByOthers(op, id string) error {
	all, err := w.s.Store.Owned(w.ctx, w.org)
	for _, o := range all {
		if o.ID == id && !w.has(o.Tenant) {
			return beyond(op, o.Tenant, "the object is another tenant's")
		}
	}
	return err
}

// ofItsPair holds what is keyed by a pair of tenants to the pair: its id can be foretold, so that another tenant's
// worker could take it before.
func (w worker) ofItsPair(op string, o store.Owned) error {
	if o.Kind != "partner" && o.Kind != "identitySync" {
		return nil
	}
	r, err := w.s.Store.LatestTopology(w.ctx, w.org)
	if err != nil {
		return err
	}
	t, _ := topology.Parse(r.File, r.Source)
	if t != nil {
		for _, tenant := range t.Tenants {
			if tenant.Name == o.Tenant && strings.HasPrefix(o.ID, o.Kind+"/"+tenant.TenantID+"/") {
				return nil
			}
		}
	}
	return beyond(op, o.Tenant, "a "+o.Kind+" entry is named by its tenant and its partner")
}

type inDropOwned struct {
	OrgPath
	ID string `query:"id" required:"true" maxLength:"300"`
}

func (s *server) workerDropOwned(ctx context.Context, in *inDropOwned) (wire.Recorded, error) {
	w, err := s.worker(ctx, in.Org)
	if err == nil {
		err = w.ownedByOthers("forget an object", in.ID)
	}
	if err != nil {
		return wire.Recorded{}, err
	}
	return recorded(s.Store.DropOwned(ctx, in.Org, in.ID))
}
