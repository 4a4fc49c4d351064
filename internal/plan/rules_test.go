package plan

import (
	"slices"
	"testing"

	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/topology"
)

func yes() *bool { b := true; return &b }

// TestRules changes one thing in the settled (or new) world and looks at the share b→c.
func TestRules(t *testing.T) {
	t.Parallel()
	scopeOf := func(w *world) string {
		for _, g := range w.tenants["b"].Groups {
			if g.DisplayName == GroupName("contoso-group", edge("b", "c")) {
				return g.ID
			}
		}
		return ""
	}
	app := func(w *world) *directory.SyncApp {
		for i, a := range w.tenants["b"].Apps {
			if a.DisplayName == AppName("contoso-group", edge("b", "c"), w.tenants["c"].TenantID) {
				return &w.tenants["b"].Apps[i]
			}
		}
		return nil
	}
	tests := []struct {
		name     string
		fresh    bool // start from the world before any set-up
		change   func(w *world)
		refusals []string
		fatal    bool
		warnings []string
		kinds    []Kind
		check    func(t *testing.T, s SharePlan)
	}{
		{name: "nothing changed", change: func(*world) {}},
		{name: "a second application of ours", change: func(w *world) {
			second := *app(w)
			second.ServicePrincipalID = "sp-second"
			w.tenants["b"].Apps = append(w.tenants["b"].Apps, second)
		}, refusals: []string{"duplicate-application"}, fatal: true},
		{name: "a second scope group", change: func(w *world) {
			w.group("b", "zz-second", GroupName("contoso-group", edge("b", "c")))
		}, refusals: []string{"duplicate-group"}, fatal: true},
		{name: "a renamed application that the ledger knows", change: func(w *world) {
			w.owned[app(w).ServicePrincipalID] = true
			app(w).DisplayName = "renamed by hand"
		}},
		{name: "a renamed application that nobody knows", change: func(w *world) { app(w).DisplayName = "renamed by hand" },
			warnings: []string{"other-sync"}, kinds: []Kind{Application, Job, Secrets, JobSchema, Assignment, StartJob}},
		{name: "somebody else's synchronization", change: func(w *world) {
			w.tenants["b"].Apps = append(w.tenants["b"].Apps, directory.SyncApp{ServicePrincipalID: "sp-x", DisplayName: "MTO_Sync_" + w.tenants["c"].TenantID})
		}, warnings: []string{"other-sync"}},
		{name: "inbound redemption switched off", change: func(w *world) { partner(w.tenants["c"], w.tenants["b"].TenantID).InboundConsent = nil },
			kinds: []Kind{InboundPartner}, check: func(t *testing.T, s SharePlan) {
				if c := s.Changes[0]; c.Action != "update" || c.Side != Target || c.Tenant != "c" || c.Before != "inboundAllowed=inherited" {
					t.Errorf("%+v", c)
				}
			}},
		{name: "inbound sync switched off", change: func(w *world) { partner(w.tenants["c"], w.tenants["b"].TenantID).InboundSync = false }, kinds: []Kind{InboundSync}},
		{name: "the job is paused", change: func(w *world) { app(w).Jobs[0].Code = "Paused" }, kinds: []Kind{StartJob}},
		{name: "the job is in quarantine", change: func(w *world) { app(w).Jobs[0].Code = "Quarantine" }, warnings: []string{"quarantine"}},
		{name: "the first cycle has not ended", change: func(w *world) { app(w).Jobs[0].Code = "NotRun" }},
		{name: "a mapping was edited by hand", change: func(w *world) { app(w).Jobs[0].Schema.UserType = "Guest" }, kinds: []Kind{JobSchema}},
		{name: "everybody is synchronized", change: func(w *world) { app(w).SyncAll = true }, kinds: []Kind{Secrets}},
		{name: "another group was assigned", change: func(w *world) { app(w).AssignedGroups = append(app(w).AssignedGroups, "g-all") }, warnings: []string{"foreign-assignment"}},
		{name: "the scope group is no security group", change: func(w *world) {
			w.edit("b", scopeOf(w), func(g *directory.Group) { g.SecurityEnabled = false })
		}, warnings: []string{"group-not-security"}},
		{name: "the scope group became dynamic", change: func(w *world) {
			w.edit("b", scopeOf(w), func(g *directory.Group) { g.Dynamic = true })
		}, refusals: []string{"scope-group-dynamic"}, fatal: true},
		{name: "an empty set of a new share", fresh: true, change: func(w *world) { w.edit("b", "g-b", drop("b-bob", "b-barbara")) },
			refusals: []string{"empty-set"}, fatal: true},
		{name: "an empty set never removes everyone", change: func(w *world) { w.edit("b", "g-b", drop("b-bob", "b-barbara")) },
			refusals: []string{"empty-set"}, check: func(t *testing.T, s SharePlan) {
				if len(s.Desired.Members) != 2 || s.Refusals[0].Pos.Line != 10 || effectOn(s, "b-bob").Action != KeepOne {
					t.Errorf("%+v", s)
				}
			}},
		{name: "the group of a new share is missing", fresh: true, change: func(w *world) { w.edit("b", "g-b", func(g *directory.Group) { g.DisplayName = "Other" }) },
			refusals: []string{"group-not-found"}, fatal: true},
		{name: "the group went away", change: func(w *world) { w.edit("b", "g-b", func(g *directory.Group) { g.DisplayName = "Other" }) }, refusals: []string{"group-not-found"}},
		{name: "two groups of the name", change: func(w *world) { w.group("b", "g-b2", "collaboration", "bob") }, refusals: []string{"group-ambiguous"}},
		{name: "a nested group was not read", change: func(w *world) {
			w.edit("b", "g-b", func(g *directory.Group) { g.Groups = []string{"g-unread"} })
		}, refusals: []string{"group-incomplete"}},
		{name: "somebody comes in a nested group", change: func(w *world) {
			w.group("b", "g-b3", "Nested", "stranger")
			w.edit("b", "g-b", func(g *directory.Group) { g.Groups = []string{"g-b3"} })
		}, kinds: []Kind{ScopeAdd}},
		{name: "a guest of the source is in the set", change: func(w *world) {
			id := w.guest("b", "a", "annie")
			w.edit("b", "g-b", func(g *directory.Group) { g.Users = append(g.Users, id) })
		}},
		{name: "a hold takes somebody out", change: func(w *world) {
			w.holds = []Hold{{Person: ident.Person{Home: "b", ID: "b-bob"}, Tenant: "c", Kind: "keepOut"}}
		}, kinds: []Kind{ScopeRemove}},
		{name: "a hold that ended", change: func(w *world) {
			w.holds = []Hold{{Person: ident.Person{Home: "b", ID: "b-bob"}, Tenant: "c", Kind: "keepOut", Until: now}}
		}},
		{name: "a hold that was released", change: func(w *world) {
			w.holds = []Hold{{Person: ident.Person{Home: "b", ID: "b-bob"}, Tenant: "c", Kind: "keepOut", Ended: now}}
		}},
		{name: "a hold of another target", change: func(w *world) {
			w.holds = []Hold{{Person: ident.Person{Home: "b", ID: "b-bob"}, Tenant: "a", Kind: "keepOut"}}
		}},
		{name: "an exclusion in the envelope of a new share", fresh: true, change: func(w *world) {
			w.agree("keep")
			e := w.envelopes[edge("b", "c")]
			e.Exclusions = []Exclusion{{Person: ident.Person{Home: "b", ID: "b-barbara"}}}
			w.envelopes[edge("b", "c")] = e
		}, check: func(t *testing.T, s SharePlan) {
			if effectOn(s, "b-barbara").Action != HeldOut || effectOn(s, "b-bob").Action != Leave || !slices.Equal(s.Desired.Members, []string{"b-bob"}) {
				t.Errorf("%+v", s.Effects)
			}
		}, kinds: newShare},
		{name: "disabled at home before the share", fresh: true, change: func(w *world) {
			w.editUser("b", "b-barbara", func(u *directory.User) { u.Enabled = false })
		}, check: func(t *testing.T, s SharePlan) {
			if effectOn(s, "b-barbara").Action != Skip || len(s.Desired.Members) != 1 {
				t.Errorf("%+v", s.Effects)
			}
		}, kinds: newShare},
		{name: "disabled at home while shared", change: func(w *world) {
			w.editUser("b", "b-barbara", func(u *directory.User) { u.Enabled = false })
		}},
		{name: "disabled, then removed", change: func(w *world) {
			w.editUser("b", "b-barbara", func(u *directory.User) { u.Enabled = false })
			w.edit("b", "g-b", drop("b-barbara"))
		}, warnings: []string{"disabled-then-removed"}, kinds: []Kind{ScopeRemove}},
		{name: "a guest from before is removed", change: func(w *world) {
			w.editUser("c", effectOn(mustShare(w, edge("b", "c")), "b-bob").ObjectID, func(u *directory.User) { u.UserType = directory.Guest })
			w.edit("b", "g-b", drop("b-bob"))
		}, warnings: []string{"engine-deletes"}, kinds: []Kind{ScopeRemove}},
		{name: "deleted in the target by its admin", change: func(w *world) {
			id := effectOn(mustShare(w, edge("b", "c")), "b-barbara").ObjectID
			s := w.tenants["c"]
			i := slices.IndexFunc(s.Users, func(u directory.User) bool { return u.ID == id })
			gone := s.Users[i]
			gone.DeletedAt = now
			s.Users, s.Deleted = slices.Delete(s.Users, i, i+1), append(s.Deleted, gone)
		}, warnings: []string{"deleted-in-target"}, kinds: []Kind{Undelete}},
		{name: "blocked in the target", change: func(w *world) {
			w.editUser("c", effectOn(mustShare(w, edge("b", "c")), "b-barbara").ObjectID, func(u *directory.User) { u.Enabled = false })
		}, warnings: []string{"blocked-in-target"}},
		{name: "an internal user has the address", fresh: true, change: func(w *world) {
			w.user("c", "barbara")
			w.editUser("c", "c-barbara", func(u *directory.User) { u.Mail = "Barbara@B.example" })
		}, warnings: []string{"collision"}, kinds: newShare, check: func(t *testing.T, s SharePlan) {
			if effectOn(s, "b-barbara").Action != Skip || len(s.Desired.Members) != 1 {
				t.Errorf("%+v", s.Effects)
			}
		}},
		{name: "two guests could be the same person", fresh: true, change: func(w *world) { w.guest("c", "b", "bob") }, warnings: []string{"ambiguous-match"}, kinds: newShare},
		{name: "two people with one mail address", change: func(w *world) {
			w.editUser("b", "b-barbara", func(u *directory.User) { u.Mail = "BOB@b.example" })
		}, warnings: []string{"same-mail"}},
		{name: "somebody was deleted at home", change: func(w *world) {
			for _, id := range []string{"g-b", scopeOf(w)} {
				w.edit("b", id, drop("b-barbara"))
				w.edit("b", id, func(g *directory.Group) { g.Away = []string{"b-barbara"} })
			}
		}, warnings: []string{"deleted-at-home"}},
		{name: "everybody was deleted at home", change: func(w *world) {
			for _, id := range []string{"g-b", scopeOf(w)} {
				w.edit("b", id, func(g *directory.Group) { g.Away, g.Users = g.Users, nil })
			}
		}, refusals: []string{"empty-set"}, warnings: []string{"deleted-at-home"}},
		{name: "the wrong directory", change: func(w *world) { w.tenants["c"].TenantID = w.tenants["a"].TenantID }, refusals: []string{"wrong-tenant"}, fatal: true},
		{name: "somebody unknown is in the scope group", change: func(w *world) {
			w.edit("b", scopeOf(w), func(g *directory.Group) { g.Users = append(g.Users, "b-stranger") })
		}, kinds: []Kind{ScopeRemove}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if !test.fresh {
				w = settled(t)
			}
			test.change(w)
			p := w.plan(t)
			s := sharePlan(t, p, edge("b", "c"))
			if got := refusalRules(s); !slices.Equal(got, test.refusals) {
				t.Errorf("refusals %v, want %v", got, test.refusals)
			}
			if got := len(p.Fatal()) > 0; got != test.fatal {
				t.Errorf("fatal %t, want %t", got, test.fatal)
			}
			if got := warningRules(s); !slices.Equal(got, test.warnings) {
				t.Errorf("warnings %v, want %v", got, test.warnings)
			}
			if got := kinds(s); !slices.Equal(got, test.kinds) {
				t.Errorf("changes %v, want %v", got, test.kinds)
			}
			if test.check != nil && !t.Failed() {
				test.check(t, s)
			}
		})
	}
}

var newShare = []Kind{InboundPartner, InboundSync, OutboundPartner, Application, Job, Secrets, JobSchema, ScopeGroup, Assignment, ScopeAdd, StartJob}

// mustShare plans one share of a world from inside a table.
func mustShare(w *world, e ident.Share) SharePlan {
	in := Input{Topology: w.topology, Snapshots: map[ident.Tenant]directory.Complete{}, Links: w.links, Envelopes: w.envelopes, Now: now}
	for tenant, s := range w.tenants {
		in.Snapshots[tenant], _ = directory.Seal(s)
	}
	p := Compute(in)
	s, _ := p.Share(e)
	return *s
}

func TestExistingGuests(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		policy, envelope string
		action           EffectAction
		recurring        bool
	}{
		{"ask", "", Adopt, false}, {"ask", "keep", Leave, false}, {"ask", "convert", Adopt, true},
		{"keep", "", Leave, false}, {"keep", "convert", Leave, false},
		{"convert", "", Adopt, true}, {"convert", "keep", Leave, false}, {"convert", "convert", Adopt, true},
	} {
		w := newWorld(t)
		for i := range w.topology.Shares {
			w.topology.Shares[i].Policy.UserType.ExistingGuests = test.policy
		}
		if test.envelope != "" {
			w.agree(test.envelope)
		}
		s := sharePlan(t, w.plan(t), edge("b", "c"))
		converts := slices.Contains(kinds(s), Convert)
		if got := effectOn(s, "b-bob").Action; got != test.action || s.Desired.Schema.UserTypeRecurring != test.recurring || converts != test.recurring {
			t.Errorf("policy %s, envelope %q: %s, recurring %t, change %t", test.policy, test.envelope, got, s.Desired.Schema.UserTypeRecurring, converts)
		}
	}
}

func TestPartnerSettingsOfOthersStay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.tenants["c"].Partners = []directory.Partner{{TenantID: w.tenants["b"].TenantID, OtherSettings: true, InboundConsent: yes()}}
	if got := kinds(sharePlan(t, w.plan(t), edge("b", "c"))); slices.Contains(got, InboundPartner) || !slices.Contains(got, InboundSync) {
		t.Errorf("%v", got)
	}
}

func TestAMissingSnapshotRefusesOnlyItsShares(t *testing.T) {
	t.Parallel()
	w := settled(t)
	in := w.in(t)
	delete(in.Snapshots, "c")
	w.edit("b", "g-b", drop("b-barbara"))
	p := Compute(in)
	if s := sharePlan(t, p, edge("b", "c")); len(s.Changes) != 0 || !slices.Equal(refusalRules(s), []string{"no-snapshot"}) || len(p.Fatal()) != 0 {
		t.Errorf("%+v", s)
	}
	if s := sharePlan(t, p, edge("b", "a")); len(s.Refusals) != 0 {
		t.Errorf("%+v", s.Refusals)
	}
}

func TestOnlySomeSharesArePlanned(t *testing.T) {
	t.Parallel()
	in := newWorld(t).in(t)
	in.Only = []ident.Share{edge("b", "c")}
	if p := Compute(in); len(p.Shares) != 1 || p.Shares[0].Share != in.Only[0] {
		t.Errorf("%+v", p.Counts)
	}
}

func TestAForgottenShareIsReported(t *testing.T) {
	t.Parallel()
	w := settled(t)
	w.topology.Shares = slices.DeleteFunc(w.topology.Shares, func(s topology.Share) bool { return s.Share == edge("b", "c") })
	if p := w.plan(t); len(p.Warnings) != 1 || p.Warnings[0].Rule != "undeclared-share" || p.Warnings[0].Tenant != "b" {
		t.Errorf("%+v", p.Warnings)
	}
}

func TestNicknamesAreWhatGraphTakes(t *testing.T) {
	t.Parallel()
	if got := GroupNickname("Contoso.Group", edge("a", "b")); got != "entente-contoso-group-a-b" {
		t.Error(got)
	}
	long := GroupNickname("an-organization-with-a-name-that-goes-on-and-on-and-on-and-on", edge("a", "b"))
	if len(long) != 64 || long == GroupNickname("an-organization-with-a-name-that-goes-on-and-on-and-on-and-on", edge("a", "c")) {
		t.Error(long)
	}
}

// TestDrainingTakesEverybodyOutAndNothingDown: a stop empties the scope group first, whatever the sets say;
// doors, application and job stay until that is proven.
func TestDrainingTakesEverybodyOutAndNothingDown(t *testing.T) {
	t.Parallel()
	w := settled(t)
	w.edit("b", "g-b", drop("b-bob", "b-barbara")) // an empty set holds nothing up here
	partner(w.tenants["c"], w.tenants["b"].TenantID).InboundConsent = nil
	in := w.in(t)
	in.Draining = []ident.Share{edge("b", "c")}
	s := sharePlan(t, Compute(in), edge("b", "c"))
	if !slices.Equal(kinds(s), []Kind{ScopeRemove}) || s.Counts.Removals != 2 || len(s.Desired.Members) != 0 || len(s.Refusals) != 0 || s.Acceptance.Needed || s.Budget.Over {
		t.Errorf("%+v", s)
	}
}
