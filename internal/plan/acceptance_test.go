package plan

import (
	"slices"
	"testing"
	"time"

	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/topology"
)

func TestWhenTheTargetIsAsked(t *testing.T) {
	t.Parallel()
	const wish = "; the topology asks to answer for the target from then on"
	good := Envelope{Sets: []string{"b-people"}, MaxUsers: 2, UserType: "member", ExistingGuests: "keep", ExpiresAt: now.Add(time.Second)}
	auto := func(p *topology.Policy, below int) { p.Acceptance.Mode, p.Acceptance.AutoBelow = "auto", below }
	tests := map[string]struct {
		change func(*Envelope, *topology.Policy)
		why    string
	}{
		"agreed":  {func(*Envelope, *topology.Policy) {}, ""},
		"expired": {func(e *Envelope, _ *topology.Policy) { e.ExpiresAt = now }, "the acceptance has expired"},
		"cap":     {func(e *Envelope, _ *topology.Policy) { e.MaxUsers = 1 }, "over the cap: 2 people, 1 accepted"},
		"set":     {func(e *Envelope, _ *topology.Policy) { e.Sets = []string{"others"} }, "new set: b-people"},
		"type":    {func(e *Envelope, _ *topology.Policy) { e.UserType = "guest" }, "userType changed"},
		"several": {func(e *Envelope, _ *topology.Policy) { e.UserType, e.MaxUsers = "guest", 1 }, "over the cap: 2 people, 1 accepted; userType changed"},
		"convert": {func(_ *Envelope, p *topology.Policy) { p.UserType.ExistingGuests = "convert" }, "existing guests would become Members, which was not agreed to"},
		"kept": {func(e *Envelope, p *topology.Policy) {
			e.AskedGuests, p.UserType.ExistingGuests = "convert", "convert"
		}, ""},
		"auto that nobody agreed to":   {func(e *Envelope, p *topology.Policy) { e.ExpiresAt = now; auto(p, 0) }, "the acceptance has expired" + wish},
		"auto without a question":      {func(_ *Envelope, p *topology.Policy) { auto(p, 0) }, ""},
		"auto, expired":                {func(e *Envelope, p *topology.Policy) { e.Auto, e.ExpiresAt = true, now; auto(p, 0) }, ""},
		"auto, over the cap":           {func(e *Envelope, p *topology.Policy) { e.Auto, e.MaxUsers = true, 1; auto(p, 3) }, ""},
		"auto, a new set":              {func(e *Envelope, p *topology.Policy) { e.Auto, e.Sets = true, nil; auto(p, 0) }, ""},
		"auto, agreed below the share": {func(e *Envelope, p *topology.Policy) { e.Auto, e.AutoBelow, e.Sets = true, 2, nil; auto(p, 0) }, "new set: b-people" + wish},
		"auto, agreed above the share": {func(e *Envelope, p *topology.Policy) { e.Auto, e.AutoBelow, e.Sets = true, 3, nil; auto(p, 0) }, ""},
		"auto, above the agreed bound": {func(e *Envelope, p *topology.Policy) { e.Auto, e.AutoBelow, e.MaxUsers = true, 2, 1; auto(p, 9) }, "over the cap: 2 people, 1 accepted" + wish + ", below 9 people"},
		"auto, above the policy's":     {func(e *Envelope, p *topology.Policy) { e.Auto, e.AutoBelow, e.MaxUsers = true, 9, 1; auto(p, 2) }, "over the cap: 2 people, 1 accepted"},
		"auto, the bound alone":        {func(e *Envelope, p *topology.Policy) { e.Auto, e.AutoBelow = true, 2; auto(p, 9) }, ""},
		"auto no longer asked for":     {func(e *Envelope, _ *topology.Policy) { e.Auto, e.ExpiresAt = true, now }, "the acceptance has expired"},
		"auto, userType": {func(e *Envelope, p *topology.Policy) {
			e.Auto, e.UserType = true, "guest"
			auto(p, 0)
		}, "userType changed"},
		"auto, conversion": {func(e *Envelope, p *topology.Policy) {
			e.Auto, p.UserType.ExistingGuests = true, "convert"
			auto(p, 0)
		}, "existing guests would become Members, which was not agreed to"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			e := good
			test.change(&e, policyOf(w, edge("b", "c")))
			w.envelopes[edge("b", "c")] = e
			if got := sharePlan(t, w.plan(t), edge("b", "c")).Acceptance; got.Why != test.why || got.Needed != (test.why != "") || got.Delta != got.Needed || got.Frozen {
				t.Errorf("%+v, want %q", got, test.why)
			}
		})
	}
}

func policyOf(w *world, share ident.Share) *topology.Policy {
	i := slices.IndexFunc(w.topology.Shares, func(s topology.Share) bool { return s.Share == share })
	return &w.topology.Shares[i].Policy
}

// TestAutoNeverLetsTheTopologyAnswerByItself: without an envelope the target is asked, whatever the mode.
func TestAutoNeverLetsTheTopologyAnswerByItself(t *testing.T) {
	t.Parallel()
	for below, why := range map[int]string{
		0:  "not accepted yet; the topology asks to answer for the target from then on",
		50: "not accepted yet; the topology asks to answer for the target from then on, below 50 people",
	} {
		w := newWorld(t)
		*policyOf(w, edge("b", "c")) = topology.Policy{Acceptance: topology.Acceptance{Mode: "auto", AutoBelow: below}}
		if got := sharePlan(t, w.plan(t), edge("b", "c")).Acceptance; got != (AcceptanceNeed{Needed: true, Why: why}) {
			t.Errorf("%+v", got)
		}
	}
}

// wide is the settled world in which somebody new joins both of b's sets: Boris the accepted one, Zoe one that the
// target has not seen.
func wide(t *testing.T, change func(*Envelope)) (*world, SharePlan) {
	t.Helper()
	w := settled(t)
	w.user("b", "boris")
	w.user("b", "zoe")
	w.edit("b", "g-b", func(g *directory.Group) { g.Users = append(slices.Clone(g.Users), "b-boris") })
	w.group("b", "g-more", "More", "zoe", "bob")
	w.topology.UserSets = append(w.topology.UserSets, topology.UserSet{Name: "b-more", Tenant: "b", Group: "More"})
	for i := range w.topology.Shares {
		if s := &w.topology.Shares[i]; s.Share == edge("b", "c") {
			s.Sets = append(slices.Clone(s.Sets), "b-more")
		}
	}
	w.narrow(edge("b", "c"), change)
	return w, sharePlan(t, w.plan(t), edge("b", "c"))
}

func (w *world) narrow(share ident.Share, change func(*Envelope)) {
	e := w.envelopes[share]
	change(&e)
	w.envelopes[share] = e
}

// TestOnlyWhatIsOutsideWaits: what the target accepted before goes on while the rest is asked about.
func TestOnlyWhatIsOutsideWaits(t *testing.T) {
	t.Parallel()
	both := func(e *Envelope) { e.Sets = append(slices.Clone(e.Sets), "b-more") }
	tests := map[string]struct {
		change  func(*Envelope)
		members []string
		waiting map[string]string // why
		kinds   []Kind
	}{
		"a new set": {func(*Envelope) {}, []string{"b-barbara", "b-bob", "b-boris"},
			map[string]string{"b-zoe": "waits for the target's answer: new set b-more"}, []Kind{ScopeAdd}},
		"room for one": {func(e *Envelope) { both(e); e.MaxUsers = 3 }, []string{"b-barbara", "b-bob", "b-boris"},
			map[string]string{"b-zoe": "waits for the target's answer: over the cap of 3"}, []Kind{ScopeAdd}},
		"a cap below those who are there": {func(e *Envelope) { both(e); e.MaxUsers = 1 }, []string{"b-barbara", "b-bob"},
			map[string]string{"b-boris": "waits for the target's answer: over the cap of 1", "b-zoe": "waits for the target's answer: over the cap of 1"}, nil},
		"a new set takes no room": {func(e *Envelope) { e.MaxUsers = 3 }, []string{"b-barbara", "b-bob", "b-boris"},
			map[string]string{"b-zoe": "waits for the target's answer: new set b-more"}, []Kind{ScopeAdd}},
		"expired": {func(e *Envelope) { both(e); e.ExpiresAt = now }, []string{"b-barbara", "b-bob"},
			map[string]string{"b-boris": "waits for the target's answer: the acceptance has expired", "b-zoe": "waits for the target's answer: the acceptance has expired"}, nil},
		"taken back": {func(e *Envelope) { both(e); e.Revoked = &Revocation{By: "kim", Reason: "an incident"} }, []string{"b-barbara", "b-bob"},
			map[string]string{"b-boris": "tenant c took its acceptance back: an incident", "b-zoe": "tenant c took its acceptance back: an incident"}, nil},
		"all inside": {both, []string{"b-barbara", "b-bob", "b-boris", "b-zoe"}, nil, []Kind{ScopeAdd}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, s := wide(t, test.change)
			if !slices.Equal(s.Desired.Members, test.members) || !slices.Equal(kinds(s), test.kinds) || s.Counts.Waiting != len(test.waiting) || s.Counts.People != len(test.members) {
				t.Errorf("%v %v %+v", s.Desired.Members, kinds(s), s.Counts)
			}
			for _, e := range s.Effects {
				if why := test.waiting[e.Person.ID]; (e.Action == Wait) != (why != "") || e.Action == Wait && (e.Reason != why || e.From != "absent" || e.To != "member") {
					t.Errorf("%+v", e)
				}
			}
			w.apply(t, w.plan(t))
			if again := sharePlan(t, w.plan(t), edge("b", "c")); len(again.Changes) > 0 || again.Counts.Waiting != len(test.waiting) {
				t.Errorf("after applying: %+v", again.Changes)
			}
		})
	}
}

// TestPeopleLeaveWhateverBecameOfTheAcceptance: neither expiry nor revocation holds anybody.
func TestPeopleLeaveWhateverBecameOfTheAcceptance(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Envelope){
		"expired":    func(e *Envelope) { e.ExpiresAt = now },
		"taken back": func(e *Envelope) { e.Revoked = &Revocation{Reason: "an incident"} },
		"a cap of 0": func(e *Envelope) { e.MaxUsers = 0 },
	} {
		w := settled(t)
		w.narrow(edge("b", "c"), change)
		w.edit("b", "g-b", drop("b-barbara"))
		if s := sharePlan(t, w.plan(t), edge("b", "c")); !slices.Equal(kinds(s), []Kind{ScopeRemove}) || s.Counts.Removals != 1 || s.Acceptance.Frozen != (name == "taken back") {
			t.Errorf("%s: %v %+v", name, kinds(s), s.Acceptance)
		}
	}
}

// TestNothingNewIsSetUpAfterTheAcceptance: a share that was never set up stays that way; one that stands is kept as
// it is meant to be, but a target that took its acceptance back keeps its own doors.
func TestNothingNewIsSetUpAfterTheAcceptance(t *testing.T) {
	t.Parallel()
	expired := func(e *Envelope) { e.ExpiresAt = now }
	back := func(e *Envelope) { e.Revoked = &Revocation{Reason: "an incident"} }
	for name, change := range map[string]func(*Envelope){"expired": expired, "taken back": back} {
		w := newWorld(t)
		w.agree("keep")
		w.narrow(edge("b", "c"), change)
		if s := sharePlan(t, w.plan(t), edge("b", "c")); len(s.Changes) > 0 || s.Counts.Waiting != 2 || s.Counts.People != 0 {
			t.Errorf("%s: %v %+v", name, kinds(s), s.Counts)
		}
	}
	for name, test := range map[string]struct {
		change   func(*Envelope)
		kinds    []Kind
		warnings []string
	}{
		"expired":    {expired, []Kind{InboundPartner, JobSchema, Assignment, StartJob}, nil},
		"taken back": {back, []Kind{JobSchema, StartJob}, []string{"door-closed"}},
	} {
		w := settled(t)
		w.narrow(edge("b", "c"), test.change)
		partner(w.tenants["c"], w.tenants["b"].TenantID).InboundConsent = nil
		for i := range w.tenants["b"].Apps {
			job := &w.tenants["b"].Apps[i].Jobs[0]
			job.Schema.ShowInAddressList, job.Code = false, "Paused"
			w.tenants["b"].Apps[i].AssignedGroups = nil
		}
		if s := sharePlan(t, w.plan(t), edge("b", "c")); !slices.Equal(kinds(s), test.kinds) || !slices.Equal(warningRules(s), test.warnings) {
			t.Errorf("%s: %v %v", name, kinds(s), warningRules(s))
		}
	}
}

// TestNobodyIsConvertedWithoutAYes: guests stay guests while conversion is asked about, and after the acceptance.
func TestNobodyIsConvertedWithoutAYes(t *testing.T) {
	t.Parallel()
	guestAgain := func(w *world) {
		w.editUser("c", effectOn(mustShare(w, edge("b", "c")), "b-bob").ObjectID, func(u *directory.User) { u.UserType = directory.Guest })
	}
	tests := map[string]struct {
		change func(w *world)
		kinds  []Kind
		need   AcceptanceNeed
	}{
		"asked for later": {func(w *world) {
			w.narrow(edge("b", "c"), func(e *Envelope) { e.ExistingGuests, e.AskedGuests = "keep", "ask" })
			policyOf(w, edge("b", "c")).UserType.ExistingGuests = "convert"
		}, []Kind{JobSchema}, AcceptanceNeed{Needed: true, Delta: true, Guests: 1, Why: "existing guests would become Members, which was not agreed to"}},
		"expired": {func(w *world) { w.narrow(edge("b", "c"), func(e *Envelope) { e.ExpiresAt = now }) },
			[]Kind{JobSchema}, AcceptanceNeed{Needed: true, Delta: true, Guests: 1, Why: "the acceptance has expired"}},
		"taken back": {func(w *world) {
			w.narrow(edge("b", "c"), func(e *Envelope) { e.Revoked = &Revocation{Reason: "an incident"} })
		}, []Kind{JobSchema}, AcceptanceNeed{Frozen: true, Why: "tenant c took its acceptance back: an incident"}},
	}
	waiting := newWorld(t)
	waiting.agree("convert")
	waiting.narrow(edge("b", "c"), func(e *Envelope) { e.ExpiresAt = now })
	if s := sharePlan(t, waiting.plan(t), edge("b", "c")); s.Acceptance.Guests != 1 || effectOn(s, "b-bob").Action != Wait || effectOn(s, "b-bob").To != "member" {
		t.Errorf("a guest who waits: %+v %+v", s.Acceptance, s.Effects)
	}
	nobody := settled(t)
	nobody.narrow(edge("b", "c"), func(e *Envelope) { e.ExistingGuests, e.AskedGuests = "keep", "ask" })
	policyOf(nobody, edge("b", "c")).UserType.ExistingGuests = "convert"
	if s := sharePlan(t, nobody.plan(t), edge("b", "c")); s.Acceptance.Needed {
		t.Errorf("without guests nobody is asked: %+v", s.Acceptance)
	}
	for name, test := range tests {
		w := settled(t)
		guestAgain(w)
		test.change(w)
		s := sharePlan(t, w.plan(t), edge("b", "c"))
		if e := effectOn(s, "b-bob"); e.Action != Leave || e.To != "guest" || s.Desired.Schema.UserTypeRecurring || !slices.Equal(kinds(s), test.kinds) || s.Acceptance != test.need {
			t.Errorf("%s: %+v %v %+v", name, e, kinds(s), s.Acceptance)
		}
		w.apply(t, w.plan(t))
		if again := sharePlan(t, w.plan(t), edge("b", "c")); len(again.Changes) > 0 || effectOn(again, "b-bob").Action != Leave {
			t.Errorf("%s, after applying: %+v", name, again.Changes)
		}
	}
}

// TestWhomTheTargetDeletedStaysDeletedWithoutAYes: our own restore needs an acceptance in force.
func TestWhomTheTargetDeletedStaysDeletedWithoutAYes(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Envelope){
		"expired":    func(e *Envelope) { e.ExpiresAt = now },
		"taken back": func(e *Envelope) { e.Revoked = &Revocation{Reason: "an incident"} },
		"a new set":  func(e *Envelope) { e.Sets = []string{"others"} },
	} {
		w := settled(t)
		w.bin("c", effectOn(mustShare(w, edge("b", "c")), "b-barbara").ObjectID)
		w.narrow(edge("b", "c"), change)
		s := sharePlan(t, w.plan(t), edge("b", "c"))
		if e := effectOn(s, "b-barbara"); len(s.Changes) > 0 || e.Action != KeepOne || e.To != "softDeleted" || s.Counts.Waiting != 0 || s.Counts.People != 2 {
			t.Errorf("%s: %+v %v", name, e, kinds(s))
		}
	}
}

// bin puts somebody into a tenant's recycle bin, as its admin would.
func (w *world) bin(tenant ident.Tenant, id string) {
	s := w.tenants[tenant]
	i := slices.IndexFunc(s.Users, func(u directory.User) bool { return u.ID == id })
	gone := s.Users[i]
	gone.DeletedAt = now
	s.Users, s.Deleted = slices.Delete(s.Users, i, i+1), append(s.Deleted, gone)
}

// TestARestoredPersonComesBackThoughTheirSetIsNew: they had been accepted before.
func TestARestoredPersonComesBackThoughTheirSetIsNew(t *testing.T) {
	t.Parallel()
	w, s := wide(t, func(*Envelope) {})
	if effectOn(s, "b-zoe").Action != Wait {
		t.Fatal(s.Effects)
	}
	w.included = append(w.included, Inclusion{Share: edge("b", "c"), Person: ident.Person{Home: "b", ID: "b-zoe"}})
	if s = sharePlan(t, w.plan(t), edge("b", "c")); effectOn(s, "b-zoe").Action != Create {
		t.Error(s.Effects)
	}
}

// TestDrainingLooksAtNoAcceptance: a stop takes everybody out, frozen or not.
func TestDrainingLooksAtNoAcceptance(t *testing.T) {
	t.Parallel()
	w := settled(t)
	w.narrow(edge("b", "c"), func(e *Envelope) { e.Revoked = &Revocation{Reason: "an incident"} })
	in := w.in(t)
	in.Draining = []ident.Share{edge("b", "c")}
	if s := sharePlan(t, Compute(in), edge("b", "c")); !slices.Equal(kinds(s), []Kind{ScopeRemove}) || s.Acceptance != (AcceptanceNeed{}) || s.Counts.Removals != 2 {
		t.Errorf("%v %+v", kinds(s), s.Acceptance)
	}
}

// TestARenamedPersonIsNoLeaver: a list of names that does not fit the home removes nobody.
func TestARenamedPersonIsNoLeaver(t *testing.T) {
	t.Parallel()
	listed := func(w *world) {
		for i := range w.topology.UserSets {
			if set := &w.topology.UserSets[i]; set.Name == "b-people" {
				set.Group, set.Users = "", []string{"bob@b.example", "Barbara@b.example"}
			}
		}
	}
	w := settled(t)
	listed(w)
	if s := sharePlan(t, w.plan(t), edge("b", "c")); len(s.Changes)+len(s.Refusals) > 0 {
		t.Fatalf("%+v", s)
	}
	w.editUser("b", "b-barbara", func(u *directory.User) { u.UserPrincipalName = "barbara.berg@b.example" })
	s := sharePlan(t, w.plan(t), edge("b", "c"))
	if len(s.Changes) > 0 || len(s.Refusals) != 1 || s.Refusals[0].Fatal || s.Refusals[0].Remedy != "correct the name in user set b-people" || effectOn(s, "b-barbara").Action != KeepOne {
		t.Errorf("%+v %v", s.Refusals, kinds(s))
	}
	fresh := newWorld(t)
	listed(fresh)
	fresh.editUser("b", "b-barbara", func(u *directory.User) { u.UserPrincipalName = "barbara.berg@b.example" })
	s = sharePlan(t, fresh.plan(t), edge("b", "c"))
	if !slices.Equal(refusalRules(s), []string{"user-not-found"}) || s.fatal() || !slices.Equal(s.Desired.Members, []string{"b-bob"}) {
		t.Errorf("a new share: %+v %v", s.Refusals, s.Desired.Members)
	}
	fresh.editUser("b", "b-bob", func(u *directory.User) { u.UserPrincipalName = "robert@b.example" })
	if s = sharePlan(t, fresh.plan(t), edge("b", "c")); !slices.Equal(refusalRules(s), []string{"empty-set", "user-not-found"}) || !s.fatal() {
		t.Errorf("nobody of a list: %+v", s.Refusals)
	}
}
