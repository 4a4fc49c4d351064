package plan

import (
	"slices"
	"strings"
	"testing"

	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/topology"
)

func glass(tenant ident.Tenant) topology.Protected {
	return topology.Protected{Tenant: tenant, Group: "Break glass"}
}

// objectOf is what somebody of b is in c.
func objectOf(w *world, id string) string { return effectOn(mustShare(w, edge("b", "c")), id).ObjectID }

func hold(t *world, id string) {
	t.holds = append(t.holds, Hold{Person: ident.Person{Home: "b", ID: id}, Tenant: "c", Kind: HoldBlocked})
}

// TestProtectedPeople changes who is protected and looks at Barbara in the share b→c.
func TestProtectedPeople(t *testing.T) {
	t.Parallel()
	const stays, unknown = "stays: nobody is removed while it is not known who is protected", "stays out until it is known who is protected"
	tests := map[string]struct {
		fresh    bool
		change   func(w *world)
		action   EffectAction
		reason   string
		refusals []string
		warnings []string
		kinds    []Kind
	}{
		"a member of a protected group is not shared": {fresh: true, change: func(w *world) {
			w.group("b", "g-glass", "Break glass", "barbara")
			w.topology.Protected = append(w.topology.Protected, glass("b"))
		}, action: Skip, reason: "protected: member of group Break glass", kinds: newShare},
		"somebody in a nested group": {fresh: true, change: func(w *world) {
			w.group("b", "g-glass", "Break glass")
			w.group("b", "g-inner", "Inner", "barbara")
			w.edit("b", "g-glass", func(g *directory.Group) { g.Groups = []string{"g-inner"} })
			w.topology.Protected = append(w.topology.Protected, glass("b"))
		}, action: Skip, reason: "protected: member of group Break glass", kinds: newShare},
		"somebody listed": {fresh: true, change: func(w *world) {
			w.topology.Protected = []topology.Protected{{Tenant: "b", Users: []string{"BARBARA@b.example"}}}
		}, action: Skip, reason: "protected: named by the topology", kinds: newShare},
		"a holder of a role": {fresh: true, change: func(w *world) { w.tenants["b"].RoleHolders = []string{"b-barbara"} },
			action: Skip, reason: "protected: holds a directory role", kinds: newShare},
		"somebody protected is carried": {change: func(w *world) { w.tenants["b"].RoleHolders = []string{"b-barbara"} },
			action: KeepOne, reason: "protected: holds a directory role", warnings: []string{"protected-carried"}},
		"somebody protected left the set": {change: func(w *world) {
			w.tenants["b"].RoleHolders = []string{"b-barbara"}
			w.edit("b", "g-b", drop("b-barbara"))
		}, action: KeepOne, reason: "protected: holds a directory role", warnings: []string{"protected-carried"}},
		"a hold does not take somebody protected out": {change: func(w *world) {
			w.tenants["b"].RoleHolders = []string{"b-barbara"}
			w.holds = []Hold{{Person: ident.Person{Home: "b", ID: "b-barbara"}, Tenant: "c", Kind: HoldKeepOut}}
		}, action: KeepOne, reason: "protected: holds a directory role", warnings: []string{"protected-carried"}},
		"protected in the target, leaving": {change: func(w *world) {
			w.tenants["c"].RoleHolders = []string{objectOf(w, "b-barbara")}
			w.edit("b", "g-b", drop("b-barbara"))
		}, action: KeepOne, reason: "protected: holds a directory role in tenant c", warnings: []string{"protected-carried"}},
		"protected in the target, new": {fresh: true, change: func(w *world) {
			w.tenants["c"].RoleHolders = []string{w.external("c", "b", "barbara", directory.Member)}
		}, action: Skip, reason: "protected: holds a directory role in tenant c", kinds: newShare},
		"protected in the target, with a hold": {change: func(w *world) {
			w.tenants["c"].RoleHolders = []string{objectOf(w, "b-barbara")}
			hold(w, "b-barbara")
		}, action: KeepOne, reason: "protected: holds a directory role in tenant c", warnings: []string{"protected-carried", "protected-hold"}},
		"protected at home, the target's hold": {change: func(w *world) {
			w.tenants["b"].RoleHolders = []string{"b-barbara"}
			hold(w, "b-barbara")
		}, action: TurnOff, reason: "blocked by the target", warnings: []string{"protected-carried"}, kinds: []Kind{Block}},
		"the group is missing": {change: func(w *world) {
			w.topology.Protected = []topology.Protected{glass("b")}
			w.edit("b", "g-b", drop("b-barbara"))
		}, action: KeepOne, reason: stays, refusals: []string{"protected-unresolved"}},
		"the target's group is missing": {change: func(w *world) {
			w.topology.Protected = []topology.Protected{glass("c")}
			w.edit("b", "g-b", drop("b-barbara"))
		}, action: KeepOne, reason: stays, refusals: []string{"protected-unresolved"}},
		"another tenant's group is missing": {change: func(w *world) {
			w.topology.Protected = []topology.Protected{glass("a")}
			w.edit("b", "g-b", drop("b-barbara"))
		}, action: Remove, reason: "no longer in a user set of this share", kinds: []Kind{ScopeRemove}},
		"two groups of the name": {change: func(w *world) {
			w.group("b", "g-glass", "Break glass")
			w.group("b", "g-glass2", "break glass")
			w.topology.Protected = []topology.Protected{glass("b")}
		}, action: KeepOne, reason: "already there", refusals: []string{"protected-unresolved"}},
		"a nested group was not read": {change: func(w *world) {
			w.group("b", "g-glass", "Break glass")
			w.edit("b", "g-glass", func(g *directory.Group) { g.Groups = []string{"g-unread"} })
			w.topology.Protected = []topology.Protected{glass("b")}
		}, action: KeepOne, reason: "already there", refusals: []string{"protected-unresolved"}},
		"a listed person is unknown": {change: func(w *world) {
			w.topology.Protected = []topology.Protected{{Tenant: "b", Users: []string{"nobody@b.example"}}}
		}, action: KeepOne, reason: "already there", refusals: []string{"protected-unresolved"}},
		"a listed person is in the recycle bin": {change: func(w *world) {
			w.tenants["b"].Deleted = []directory.User{{ID: "0-1", UserPrincipalName: "01gone@b.example", DeletedAt: now}}
			w.topology.Protected = []topology.Protected{{Tenant: "b", Users: []string{"gone@b.example"}}}
		}, action: KeepOne, reason: "already there"},
		"an empty protected group": {change: func(w *world) {
			w.group("b", "g-glass", "Break glass")
			w.topology.Protected = []topology.Protected{glass("b")}
		}, action: KeepOne, reason: "already there"},
		"nobody new while it is unknown": {change: func(w *world) {
			w.edit("b", scopeGroup(w, "b", "c"), drop("b-barbara"))
			w.topology.Protected = []topology.Protected{glass("b")}
		}, action: Skip, reason: unknown, refusals: []string{"protected-unresolved"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if !test.fresh {
				w = settled(t)
			}
			test.change(w)
			s := sharePlan(t, w.plan(t), edge("b", "c"))
			if e := effectOn(s, "b-barbara"); e.Action != test.action || e.Reason != test.reason {
				t.Errorf("%s %q, want %s %q", e.Action, e.Reason, test.action, test.reason)
			}
			if got := refusalRules(s); !slices.Equal(got, test.refusals) {
				t.Errorf("refusals %v", got)
			}
			if got := warningRules(s); !slices.Equal(got, test.warnings) {
				t.Errorf("warnings %v", got)
			}
			if got := kinds(s); !slices.Equal(got, test.kinds) {
				t.Errorf("changes %v", got)
			}
			if strings.Contains(name, "not shared") && slices.Contains(s.Desired.Members, "b-barbara") {
				t.Error("she is to be a member of the scope group")
			}
		})
	}
}

func scopeGroup(w *world, source, target ident.Tenant) string {
	for _, g := range w.tenants[source].Groups {
		if g.DisplayName == GroupName("contoso-group", edge(source, target)) {
			return g.ID
		}
	}
	return ""
}

// TestAProtectedGuestIsNotConverted: not by a write of ours, and not by the engine, which converts everybody in scope
// when the mapping is recurring. The others are converted by a write.
func TestAProtectedGuestIsNotConverted(t *testing.T) {
	t.Parallel()
	for name, protect := range map[string]func(w *world, object string){
		"at home":       func(w *world, _ string) { w.tenants["b"].RoleHolders = []string{"b-barbara"} },
		"in the target": func(w *world, object string) { w.tenants["c"].RoleHolders = []string{object} },
	} {
		w := settled(t)
		barbara, bob := objectOf(w, "b-barbara"), objectOf(w, "b-bob")
		for _, id := range []string{barbara, bob} {
			w.editUser("c", id, func(u *directory.User) { u.UserType = directory.Guest })
		}
		protect(w, barbara)
		s := sharePlan(t, w.plan(t), edge("b", "c"))
		if s.Desired.Schema.UserTypeRecurring || !slices.Equal(changed(s, Convert), []string{bob}) || effectOn(s, "b-barbara").Action != KeepOne {
			t.Errorf("%s: %+v %+v", name, s.Desired.Schema, s.Changes)
		}
		w.apply(t, w.plan(t))
		if p := w.plan(t); !p.Empty() {
			t.Errorf("%s: after applying: %+v", name, p.Counts)
		}
	}
}

// TestAShareWithSomebodyProtectedIsNotStopped: a stop takes the set-up down when everybody is out, and would strand them.
func TestAShareWithSomebodyProtectedIsNotStopped(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(w *world)
		rule   string
	}{
		"carried":    {func(w *world) { w.tenants["b"].RoleHolders = []string{"b-barbara"} }, "protected-carried"},
		"unresolved": {func(w *world) { w.topology.Protected = []topology.Protected{glass("c")} }, "protected-unresolved"},
	} {
		w := settled(t)
		test.change(w)
		in := w.in(t)
		in.Draining = []ident.Share{edge("b", "c")}
		s := sharePlan(t, Compute(in), edge("b", "c"))
		if !slices.Equal(refusalRules(s), []string{test.rule}) || !s.fatal() || len(s.Changes) != 0 || s.Refusals[0].Remedy == "" {
			t.Errorf("%s: %+v", name, s)
		}
	}
}

// TestAnUnresolvedGuardStopsANewShare, whichever side it is of, like a set that cannot be resolved.
func TestAnUnresolvedGuardStopsANewShare(t *testing.T) {
	t.Parallel()
	for _, tenant := range []ident.Tenant{"b", "c"} {
		w := newWorld(t)
		w.topology.Protected = []topology.Protected{glass(tenant)}
		if s := sharePlan(t, w.plan(t), edge("b", "c")); !s.fatal() || len(s.Changes) != 0 {
			t.Errorf("%s: %+v", tenant, s.Refusals)
		}
	}
}

// TestRolesThatWereNotRead protect nobody, and that is said once for each tenant.
func TestRolesThatWereNotRead(t *testing.T) {
	t.Parallel()
	w := settled(t)
	w.tenants["b"].Read, w.tenants["b"].RoleHolders = directory.Collections(), []string{"b-barbara"}
	w.edit("b", "g-b", drop("b-barbara"))
	p := w.plan(t)
	if s := sharePlan(t, p, edge("b", "c")); effectOn(s, "b-barbara").Action != Remove {
		t.Errorf("%+v", s.Effects)
	}
	if len(p.Warnings) != 1 || p.Warnings[0].Rule != "roles-not-read" || p.Warnings[0].Tenant != "b" {
		t.Errorf("%+v", p.Warnings)
	}
	in := w.in(t)
	in.Only = []ident.Share{edge("a", "c")}
	if p := Compute(in); len(p.Warnings) != 0 {
		t.Errorf("of a tenant that is not planned for: %+v", p.Warnings)
	}
}
