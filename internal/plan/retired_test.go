package plan

import (
	"slices"
	"testing"

	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/ident"
)

// retired is the settled world after b→c left the topology: its set names somebody new and somebody less, an account is
// a guest again, and the job's mapping is not what it would be.
func retired(t *testing.T, change func(*world)) (*world, SharePlan) {
	t.Helper()
	w := settled(t)
	w.user("b", "zoe")
	w.edit("b", "g-b", func(g *directory.Group) { g.Users = []string{"b-bob", "b-zoe"} })
	w.editUser("c", effectOn(mustShare(w, edge("b", "c")), "b-bob").ObjectID, func(u *directory.User) { u.UserType = directory.Guest })
	for i := range w.tenants["b"].Apps {
		w.tenants["b"].Apps[i].Jobs[0].Schema.ShowInAddressList = false
	}
	partner(w.tenants["c"], w.tenants["b"].TenantID).InboundConsent = nil
	change(w)
	return w, w.retire(t)
}

func (w *world) retire(t *testing.T) SharePlan {
	t.Helper()
	in := w.in(t)
	in.Retired = []ident.Share{edge("b", "c")}
	return sharePlan(t, Compute(in), edge("b", "c"))
}

func heldBy(id, kind string) Hold {
	return Hold{Person: ident.Person{Home: "b", ID: id}, Tenant: "c", Kind: kind, Reason: "an incident"}
}

// TestAShareThatIsDeclaredNoLongerCarriesWhomItCarries: nobody comes, nobody leaves, nothing is set up or converted, and
// nobody is asked.
func TestAShareThatIsDeclaredNoLongerCarriesWhomItCarries(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*world){
		"as it was":        func(*world) {},
		"never accepted":   func(w *world) { delete(w.envelopes, edge("b", "c")) },
		"taken back":       func(w *world) { w.narrow(edge("b", "c"), func(e *Envelope) { e.Revoked = &Revocation{} }) },
		"an empty set":     func(w *world) { w.edit("b", "g-b", func(g *directory.Group) { g.Users = nil }) },
		"a set is missing": func(w *world) { w.edit("b", "g-b", func(g *directory.Group) { g.DisplayName = "gone" }) },
		"deleted there":    func(w *world) { w.binned("c", effectOn(mustShare(w, edge("b", "c")), "b-bob").ObjectID) },
	} {
		_, s := retired(t, change)
		if len(s.Changes) != 0 || !slices.Equal(s.Desired.Members, []string{"b-barbara", "b-bob"}) || s.Acceptance != (AcceptanceNeed{}) || len(s.Refusals) != 0 || s.Budget.Over {
			t.Errorf("%s: %v %v %+v %+v", name, kinds(s), s.Desired.Members, s.Acceptance, s.Refusals)
		}
		if c := s.Counts; c.Creates+c.Converts+c.Restores+c.Removals+c.Waiting != 0 {
			t.Errorf("%s: %+v", name, c)
		}
	}
}

func (w *world) binned(tenant ident.Tenant, id string) {
	s := w.tenants[tenant]
	i := slices.IndexFunc(s.Users, func(u directory.User) bool { return u.ID == id })
	gone := s.Users[i]
	gone.DeletedAt = now
	s.Users, s.Deleted = slices.Delete(s.Users, i, i+1), append(s.Deleted, gone)
}

// TestHoldsCountInAShareThatIsDeclaredNoLonger: what a target decides about its own accounts does not depend on a topology.
func TestHoldsCountInAShareThatIsDeclaredNoLonger(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*world){
		"a hold": func(w *world) { w.holds = append(w.holds, heldBy("b-barbara", HoldKeepOut)) },
		"an exclusion": func(w *world) {
			w.narrow(edge("b", "c"), func(e *Envelope) { e.Exclusions = []Exclusion{{Person: ident.Person{Home: "b", ID: "b-barbara"}}} })
		},
		"a rule": func(w *world) {
			w.narrow(edge("b", "c"), func(e *Envelope) { e.Rules = []ExclusionRule{{Field: "name", Match: "barb*"}} })
		},
	} {
		_, s := retired(t, change)
		if !slices.Equal(kinds(s), []Kind{ScopeRemove}) || !slices.Equal(changed(s, ScopeRemove), []string{"b-barbara"}) || effectOn(s, "b-barbara").Action != Remove {
			t.Errorf("%s: %v %+v", name, kinds(s), s.Effects)
		}
	}
	w, s := retired(t, func(w *world) { w.holds = append(w.holds, heldBy("b-barbara", HoldBlocked)) })
	object := effectOn(s, "b-barbara").ObjectID
	if !slices.Equal(kinds(s), []Kind{Block}) || !slices.Equal(changed(s, Block), []string{object}) {
		t.Errorf("a block: %v %+v", kinds(s), s.Effects)
	}
	w.editUser("c", object, func(u *directory.User) { u.Enabled = false })
	if s := w.retire(t); len(s.Changes) != 0 {
		t.Errorf("a block that is in place: %v", kinds(s))
	}
	w.holds[0].Ended = now
	if s := w.retire(t); !slices.Equal(kinds(s), []Kind{Unblock}) || !slices.Equal(changed(s, Unblock), []string{object}) {
		t.Errorf("a block that is over: %v %+v", kinds(s), s.Effects)
	}
}
