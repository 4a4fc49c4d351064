package plan

import (
	"maps"
	"slices"
	"testing"

	"entente.dev/entente/internal/directory"
)

// planted are wrong planners; each must be caught by its property within a few hundred worlds.
var planted = map[string]computer{
	"planning after applying is empty": func(in Input) Plan { // forgets people of one share
		p := Compute(in)
		for i := range p.Shares {
			p.Shares[i].Changes = slices.DeleteFunc(p.Shares[i].Changes, func(c Change) bool { return c.Kind == ScopeAdd })
		}
		return p
	},
	"any order of inputs gives the same bytes": func(in Input) Plan { // takes the first link as it comes
		p := Compute(in)
		for _, l := range in.Links {
			p.Name += l.ObjectID
		}
		return p
	},
	"dependency order holds": func(in Input) Plan {
		p := Compute(in)
		for i := range p.Shares {
			slices.Reverse(p.Shares[i].Changes)
		}
		return p
	},
	"nothing outside ownership changes": func(in Input) Plan { // adopts any group
		p := Compute(in)
		for i := range p.Shares {
			p.Shares[i].Desired.Found.ScopeGroupID = "g-" + string(p.Shares[i].Share.Source)
		}
		return p
	},
	"nobody is removed who is wanted, and nobody while a set cannot be trusted": func(in Input) Plan { // believes an empty set
		p := Compute(in)
		for i := range p.Shares {
			s := &p.Shares[i]
			source := in.Snapshots[s.Share.Source].Snapshot()
			if g, ok := source.Group(s.Desired.Found.ScopeGroupID); ok && len(s.Refusals) > 0 && len(g.Users) > 0 {
				s.Changes = append(s.Changes, Change{ID: ChangeID(s.Share, ScopeRemove), Kind: ScopeRemove, Share: s.Share, Side: Source, Tenant: s.Share.Source, People: g.Users})
			}
		}
		return p
	},
	"nobody kept out comes in": func(in Input) Plan { in.Holds = nil; return Compute(in) },
	"only those come in whom the target accepted": func(in Input) Plan { // asks nobody about newcomers
		return Compute(rewritten(in, func(e *Envelope) {
			*e = Envelope{Share: e.Share, Sets: []string{"a-people", "b-people", "c-people"}, MaxUsers: 500}
		}))
	},
	"a tighter envelope never lets more in": func(in Input) Plan {
		return Compute(rewritten(in, func(e *Envelope) { // takes no room for no cap
			if e.MaxUsers == 0 {
				e.MaxUsers = 500
			}
		}))
	},
	"an acceptance taken back adds nothing and holds nobody": func(in Input) Plan { // reads it as expired
		return Compute(rewritten(in, func(e *Envelope) {
			if e.Revoked != nil {
				e.Revoked, e.ExpiresAt = nil, in.Now
			}
		}))
	},
	"a cap holds while somebody leaves": func(in Input) Plan { // gives away the room of whoever leaves
		p := Compute(in)
		return Compute(rewritten(in, func(e *Envelope) {
			if s, planned := p.Share(e.Share); planned {
				e.MaxUsers += s.Counts.Removals
			}
		}))
	},
	"a cap never removes": func(in Input) Plan { // takes out whoever is over it
		p := Compute(in)
		for i := range p.Shares {
			s := &p.Shares[i]
			if e, ok := in.Envelopes[s.Share]; ok && len(s.Desired.Members) > e.MaxUsers {
				s.Changes = append(s.Changes, Change{Kind: ScopeRemove, People: s.Desired.Members[e.MaxUsers:]})
			}
		}
		return p
	},
	"a block removes nobody and touches only its own person": func(in Input) Plan { // takes a block for keeping out
		in.Holds = slices.Clone(in.Holds)
		for i := range in.Holds {
			in.Holds[i].Kind = HoldKeepOut
		}
		return Compute(in)
	},
	"nobody protected is shared, converted or removed": func(in Input) Plan { // a stop of the guards
		t := *in.Topology
		t.Protected = nil
		in.Topology = &t
		return Compute(in)
	},
	"a ring removes nobody, asks nobody, and all rings are none": func(in Input) Plan { // takes out whoever is not in the ring
		p := Compute(in)
		for i := range p.Shares {
			s := &p.Shares[i]
			if r := (rings{in.Topology.Rollout.Rings, s.Ring.Open}); s.Ring.Of > 0 && s.Ring.More {
				s.Changes = append(s.Changes, Change{Kind: ScopeRemove, People: s.Desired.Members[r.portion(r.open, len(s.Desired.Members)):]})
			}
		}
		return p
	},
	"a tighter budget never allows more": func(in Input) Plan {
		p := Compute(in)
		for i, s := range in.Topology.Shares {
			p.Shares[i].Budget.Allowed = 10 - s.Policy.Deprovisioning.Budget.Count
		}
		return p
	},
}

func TestEveryPropertyCatchesItsPlantedBug(t *testing.T) {
	t.Parallel()
	names := slices.Sorted(maps.Keys(properties))
	if !slices.Equal(names, slices.Sorted(maps.Keys(planted))) {
		t.Fatal("a property without a planted bug")
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := range 400 {
				if properties[name](scenarios.Example(seed), planted[name]) != nil {
					return
				}
			}
			t.Error("the planted bug goes unnoticed")
		})
	}
}

// TestAnUnsortedSnapshotIsSealedInOrder: an observation may deliver pages in any order.
func TestAnUnsortedSnapshotIsSealedInOrder(t *testing.T) {
	t.Parallel()
	s := &directory.Snapshot{Users: []directory.User{{ID: "b"}, {ID: "a"}}, Read: directory.Collections()}
	sealed, err := directory.Seal(s)
	if err != nil || s.Users[0].ID != "b" {
		t.Fatal(err, s.Users)
	}
	if _, ok := sealed.Snapshot().User("a"); !ok {
		t.Error("a user disappeared")
	}
}
