package graphread

import (
	"context"
	"slices"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/store"
)

// Why somebody cannot come back as the same object.
const (
	lostPurged  = "purged in the target: the object is neither live nor in its recycle bin"
	lostUnknown = "no object in the target is known for this person: there is nothing to restore"
	lostInBin   = "the object is still in the target's recycle bin: neither the engine nor Entra restored it"
)

// CheckRestorable finds out, before anything is done, who of a restore can come back as the same object. Who cannot is
// lost, and says why; one who was lost before and can by now is tried again.
func (a *Activities) CheckRestorable(ctx context.Context, in contract.ReductionRef) (contract.RemovalsOut, error) {
	standing, err := a.stand(ctx, in)
	if err != nil {
		return contract.RemovalsOut{}, err
	}
	return a.restored(ctx, in, func(m *store.Removal, out *contract.RemovalsOut) {
		out.Total++
		switch at := standing[m.ObjectID]; {
		case m.ObjectID == "":
			a.lost(m, lostUnknown)
		case at == gone:
			a.lost(m, lostPurged)
		case m.State == store.Lost:
			m.State, m.Missing, m.At = store.Proven, "", a.now()
		}
		if m.State == store.Lost {
			out.Lost++
		}
	})
}

// CheckReturned looks for the people of a restore under the same object ids as before. With Final, who is not there
// is lost.
func (a *Activities) CheckReturned(ctx context.Context, in contract.ReductionRef) (contract.RemovalsOut, error) {
	standing, err := a.stand(ctx, in)
	if err != nil {
		return contract.RemovalsOut{}, err
	}
	return a.restored(ctx, in, func(m *store.Removal, out *contract.RemovalsOut) {
		if m.ObjectID == "" || m.State == store.Lost {
			return
		}
		at := standing[m.ObjectID]
		a.returned(m, at, out)
		if !in.Final || at == live {
			return
		}
		out.Lost++
		if at == gone {
			a.lost(m, lostPurged)
		} else {
			a.lost(m, lostInBin)
		}
	})
}

// restored learns about the people of a restore. A reduction is restored when nobody of it is still to come.
func (a *Activities) restored(ctx context.Context, in contract.ReductionRef, learn func(*store.Removal, *contract.RemovalsOut)) (contract.RemovalsOut, error) {
	var out contract.RemovalsOut
	_, err := store.UpdateReduction(ctx, a.store, in.Org, in.ID, func(r *store.Reduction) error {
		out = contract.RemovalsOut{}
		for i := range r.Removals {
			if m := &r.Removals[i]; meant(in.People, m.Person) {
				learn(m, &out)
			}
		}
		is := func(states ...store.RemovalState) func(store.Removal) bool {
			return func(m store.Removal) bool { return slices.Contains(states, m.State) }
		}
		open := slices.ContainsFunc(r.Removals, func(m store.Removal) bool { return !is(store.Returned, store.Lost)(m) })
		if !open && slices.ContainsFunc(r.Removals, is(store.Returned)) {
			r.Status = "restored"
		}
		r.UpdatedAt = a.now()
		return nil
	})
	return out, err
}

func (a *Activities) lost(m *store.Removal, why string) {
	m.State, m.Missing, m.At = store.Lost, why, a.now()
}

func (a *Activities) returned(m *store.Removal, at standing, out *contract.RemovalsOut) {
	out.Total++
	switch at {
	case live:
		out.Live++
		if m.State != store.Returned {
			m.State, m.Missing, m.At = store.Returned, "", a.now()
		}
	case binned:
		out.InBin++
	default:
		out.Gone++
	}
}
