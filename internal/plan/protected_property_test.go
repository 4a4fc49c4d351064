package plan

import (
	"fmt"
	"slices"

	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/topology"
)

// guarding is whom tenants protect, from the first step on or from the second.
type guarding struct {
	Late    bool
	Roles   []int  // who holds a role at home
	Group   string // of every tenant: "" for none; "Missing" does not exist
	Members []int
	Objects bool // every second external object holds a role where it is
}

func (g guarding) put(w *world, people []someone) {
	id := func(i int) string { return fmt.Sprintf("%s-p%d", people[i].Home, i) }
	for _, i := range g.Roles {
		s := w.tenants[people[i].Home]
		s.RoleHolders = append(s.RoleHolders, id(i))
	}
	for _, tenant := range []ident.Tenant{"a", "b", "c"} {
		s := w.tenants[tenant]
		for i, u := range s.Users {
			if g.Objects && u.External() && i%2 == 0 {
				s.RoleHolders = append(s.RoleHolders, u.ID)
			}
		}
		slices.Sort(s.RoleHolders)
		s.RoleHolders = slices.Compact(s.RoleHolders)
		if g.Group == "" {
			continue
		}
		w.topology.Protected = append(w.topology.Protected, topology.Protected{Tenant: tenant, Group: g.Group})
		if g.Group == "Missing" {
			continue
		}
		glass := directory.Group{ID: "glass-" + string(tenant), DisplayName: g.Group}
		for _, i := range g.Members {
			if people[i].Home == tenant && !slices.Contains(glass.Users, id(i)) {
				glass.Users = append(glass.Users, id(i))
			}
		}
		slices.Sort(glass.Users)
		s.Groups = append(s.Groups, glass)
	}
}

// shielded is who is protected in a tenant, read from the directory itself, and whether that is known.
func shielded(w *world, tenant ident.Tenant) (ids []string, known bool) {
	s := w.tenants[tenant]
	ids, known = slices.Clone(s.RoleHolders), true
	for _, p := range w.topology.Protected {
		at := slices.IndexFunc(s.Groups, func(g directory.Group) bool { return g.DisplayName == p.Group })
		if p.Tenant != tenant {
			continue
		}
		if at < 0 {
			known = false
			continue
		}
		ids = append(ids, s.Groups[at].Users...)
	}
	return ids, known
}

func protects(w *world, in Input, p Plan) error {
	for _, s := range p.Shares {
		home, homeKnown := shielded(w, s.Share.Source)
		there, thereKnown := shielded(w, s.Share.Target)
		for _, id := range changed(s, ScopeAdd, ScopeRemove) {
			if slices.Contains(home, id) || slices.Contains(there, effectOn(s, id).ObjectID) {
				return fmt.Errorf("%s moves %s, who is protected", s.Share, id)
			}
		}
		for _, object := range changed(s, Convert, Block) {
			if slices.Contains(there, object) {
				return fmt.Errorf("%s changes %s, which is protected", s.Share, object)
			}
		}
		if added := changed(s, ScopeAdd); !homeKnown && len(added) > 0 {
			return fmt.Errorf("%s adds %v while nobody knows who is protected", s.Share, added)
		}
		if touched := changed(s, ScopeRemove, Convert); !(homeKnown && thereKnown) && len(touched) > 0 {
			return fmt.Errorf("%s touches %v while nobody knows who is protected", s.Share, touched)
		}
		for _, id := range s.Desired.Members {
			home, _ := in.Snapshots[s.Share.Source].Snapshot().User(id)
			object, verdict := directory.Match(home, in.Snapshots[s.Share.Target].Snapshot(), "")
			guest := verdict.Found() && object.UserType == directory.Guest && object.DeletedAt.IsZero()
			shield := slices.Contains(there, object.ID) || !thereKnown || !homeKnown
			if guest && shield && s.Desired.Schema.UserTypeRecurring && !s.fatal() {
				return fmt.Errorf("%s lets the engine convert %s", s.Share, object.ID)
			}
		}
	}
	return nil
}
