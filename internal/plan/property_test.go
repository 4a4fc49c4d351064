package plan

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/topology"
)

// scenario is a drawn world as data, so that one draw can be built many times.
type scenario struct {
	People []someone
	Guests string // what targets agreed to about guests; "" for no envelopes
	Wish   string
	Steps  [][]int // whose membership of the set flips in each step
	Holds  []holding
	Terms  narrowing
	Guard  guarding
	Budget topology.Budget
	Seed   uint64
}

type someone struct {
	Home                     ident.Tenant
	Disabled, Guest, In, Sub bool
	Objects                  []int // one for each tenant: 0, 1 nothing; 2 guest; 3 member; 4 pending; 5 deleted guest; 6 two guests; 7 an internal user
}

var scenarios = rapid.Custom(func(t *rapid.T) scenario {
	home := rapid.SampledFrom([]ident.Tenant{"a", "b", "c"})
	flag := rapid.Map(rapid.IntRange(0, 9), func(n int) bool { return n == 0 })
	one := rapid.Custom(func(t *rapid.T) someone {
		return someone{
			Home: home.Draw(t, "home"), Disabled: flag.Draw(t, "disabled"), Guest: flag.Draw(t, "guest"), In: !flag.Draw(t, "out"), Sub: rapid.Bool().Draw(t, "sub"),
			Objects: rapid.SliceOfN(rapid.IntRange(0, 7), 3, 3).Draw(t, "objects"),
		}
	})
	s := scenario{
		People: rapid.SliceOfN(one, 3, 14).Draw(t, "people"), Guests: rapid.SampledFrom([]string{"", "keep", "convert"}).Draw(t, "guests"),
		Wish:   rapid.SampledFrom([]string{"keep", "ask", "convert"}).Draw(t, "wish"),
		Budget: topology.Budget{Count: rapid.IntRange(0, 5).Draw(t, "count"), Percent: rapid.IntRange(0, 100).Draw(t, "percent")},
		Seed:   rapid.Uint64().Draw(t, "seed"),
	}
	who := rapid.SliceOfN(rapid.IntRange(0, len(s.People)-1), 0, 4)
	s.Steps = rapid.SliceOfN(who, 1, 3).Draw(t, "steps")
	held := rapid.Custom(func(t *rapid.T) holding {
		return holding{Who: rapid.IntRange(0, len(s.People)-1).Draw(t, "who"), Blocks: rapid.Bool().Draw(t, "blocks"), Late: rapid.Bool().Draw(t, "late"), Ends: rapid.Bool().Draw(t, "ends")}
	})
	s.Holds = rapid.SliceOfNDistinct(held, 0, 3, func(h holding) int { return h.Who }).Draw(t, "holds")
	s.Terms = narrowings.Draw(t, "terms")
	s.Guard = guarding{
		Late: rapid.Bool().Draw(t, "guard late"), Roles: who.Draw(t, "role holders"), Group: rapid.SampledFrom([]string{"", "", "Break glass", "Missing"}).Draw(t, "protected group"),
		Members: who.Draw(t, "protected"), Objects: rapid.IntRange(0, 9).Draw(t, "guarded objects") == 0,
	}
	return s
})

func (s scenario) build(t tester) *world {
	w := emptyWorld(t, threeTenants)
	for i := range w.topology.Shares {
		w.topology.Shares[i].Policy.UserType.ExistingGuests = s.Wish
		w.topology.Shares[i].Policy.Deprovisioning.Budget = s.Budget
	}
	for _, tenant := range []ident.Tenant{"a", "b", "c"} {
		w.group(tenant, "g-"+string(tenant), "Collaboration")
		w.group(tenant, "g-"+string(tenant)+"-sub", "Nested")
		w.edit(tenant, "g-"+string(tenant), func(g *directory.Group) { g.Groups = []string{"g-" + string(tenant) + "-sub"} })
		w.edit(tenant, "g-"+string(tenant)+"-sub", func(g *directory.Group) { g.Groups = []string{"g-" + string(tenant)} })
	}
	for i, p := range s.People {
		name := fmt.Sprintf("p%d", i)
		w.user(p.Home, name)
		w.editUser(p.Home, string(p.Home)+"-"+name, func(u *directory.User) {
			u.Enabled = !p.Disabled
			if p.Guest {
				u.UserType = directory.Guest
			}
		})
		if p.In {
			w.toggle(s, i)
		}
		for j, target := range []ident.Tenant{"a", "b", "c"} {
			if target != p.Home {
				w.before(target, p.Home, name, p.Objects[j])
			}
		}
	}
	if s.Guests != "" {
		w.agree(s.Guests)
	}
	return w
}

// before puts what a target already has of somebody.
func (w *world) before(target, home ident.Tenant, name string, kind int) {
	switch kind {
	case 2:
		w.guest(target, home, name)
	case 3:
		w.external(target, home, name, directory.Member)
	case 4:
		id := w.guest(target, home, name)
		w.editUser(target, id, func(u *directory.User) { u.ExternalUserState = "PendingAcceptance" })
	case 5:
		w.guest(target, home, name)
		s := w.tenants[target]
		gone := s.Users[len(s.Users)-1]
		gone.DeletedAt = now
		s.Users, s.Deleted = s.Users[:len(s.Users)-1], append(s.Deleted, gone)
	case 6:
		w.guest(target, home, name)
		w.guest(target, home, name)
	case 7:
		w.user(target, "other-"+string(home)+name)
		s := w.tenants[target]
		s.Users[len(s.Users)-1].Mail = name + "@" + string(home) + ".example"
	}
}

func (w *world) toggle(s scenario, i int) {
	p, id := s.People[i], fmt.Sprintf("%s-p%d", s.People[i].Home, i)
	group := "g-" + string(p.Home)
	if p.Sub {
		group += "-sub"
	}
	w.edit(p.Home, group, func(g *directory.Group) {
		if slices.Contains(g.Users, id) {
			drop(id)(g)
		} else {
			g.Users = append(slices.Clone(g.Users), id)
		}
	})
}

// quiet turns a failed model step into an error.
type quiet struct{}

func (*quiet) Helper()                             {}
func (q *quiet) Fatal(args ...any)                 { panic(errors.New(fmt.Sprint(args...))) }
func (q *quiet) Fatalf(format string, args ...any) { panic(fmt.Errorf(format, args...)) }

type computer func(Input) Plan

// each runs a scenario step by step: plan, judge, apply, plan again, judge.
func each(s scenario, compute computer, judge func(w *world, in Input, p Plan) error, after func(w *world, p Plan) error) (err error) {
	q := &quiet{}
	defer func() {
		if p := recover(); p != nil {
			failed, ok := p.(error)
			if !ok {
				panic(p)
			}
			err = failed
		}
	}()
	w := s.build(q)
	for n, step := range append([][]int{nil}, s.Steps...) {
		for _, i := range step {
			w.toggle(s, i)
		}
		s.happens(w, n)
		in := w.in(q)
		p := compute(in)
		if err := judge(w, in, p); err != nil {
			return err
		}
		w.apply(q, p)
		if err := after(w, compute(w.in(q))); err != nil {
			return err
		}
	}
	return nil
}

func noAfter(*world, Plan) error { return nil }

// properties are what every plan owes.
var properties = map[string]func(scenario, computer) error{
	"planning after applying is empty": func(s scenario, c computer) error {
		room := map[ident.Share]bool{} // whoever left made room, below a cap or a bound, that nobody had before
		return each(s, c, func(_ *world, in Input, p Plan) error {
			for _, share := range p.Shares {
				room[share.Share] = share.Counts.Removals > 0 && (share.Counts.Waiting > 0 || in.Envelopes[share.Share].Auto)
			}
			return nil
		}, func(w *world, p Plan) error {
			for _, share := range p.Shares {
				if len(share.Changes) > 0 && !room[share.Share] {
					return fmt.Errorf("%s: %+v", share.Share, share.Changes)
				}
			}
			w.apply(&quiet{}, p) // whoever waited for that room
			for _, share := range c(w.in(&quiet{})).Shares {
				if len(share.Changes) > 0 {
					return fmt.Errorf("%s, when who waited for room is in: %+v", share.Share, share.Changes)
				}
			}
			return nil
		})
	},
	"any order of inputs gives the same bytes": func(s scenario, c computer) error {
		return each(s, c, func(w *world, in Input, p Plan) error {
			if got, want := bytesOf(c(shuffled(w, in, s.Seed))), bytesOf(p); got != want {
				return fmt.Errorf("another order, another plan:\n%s\n%s", want, got)
			}
			return nil
		}, noAfter)
	},
	"dependency order holds": func(s scenario, c computer) error {
		return each(s, c, func(_ *world, _ Input, p Plan) error { return inOrder(p) }, noAfter)
	},
	"nothing outside ownership changes": func(s scenario, c computer) error {
		return each(s, c, owned, noAfter)
	},
	"nobody is removed who is wanted, and nobody while a set cannot be trusted": func(s scenario, c computer) error {
		return each(s, c, removals, noAfter)
	},
	"nobody kept out comes in": func(s scenario, c computer) error {
		return each(s, c, keptOut, noAfter)
	},
	"a tighter budget never allows more": func(s scenario, c computer) error {
		return each(s, c, func(w *world, in Input, p Plan) error { return tighter(w, in, p, c) }, noAfter)
	},
	"only those come in whom the target accepted": func(s scenario, c computer) error {
		return each(s, c, inside, noAfter)
	},
	"a tighter envelope never lets more in": func(s scenario, c computer) error {
		return each(s, c, func(_ *world, in Input, p Plan) error { return narrower(in, p, c) }, noAfter)
	},
	"an acceptance taken back adds nothing and holds nobody": func(s scenario, c computer) error {
		return each(s, c, func(_ *world, in Input, p Plan) error { return revoked(in, p, c) }, noAfter)
	},
	"a cap holds while somebody leaves": func(s scenario, c computer) error {
		return each(s, c, crowded, noAfter)
	},
	"a cap never removes": func(s scenario, c computer) error {
		return each(s, c, func(_ *world, in Input, p Plan) error { return capped(in, p, c) }, noAfter)
	},
	"a ring removes nobody, asks nobody, and all rings are none": func(s scenario, c computer) error {
		return each(s, c, func(_ *world, in Input, p Plan) error { return ringed(in, p, c) }, noAfter)
	},
	"nobody protected is shared, converted or removed": func(s scenario, c computer) error {
		return each(s, c, protects, noAfter)
	},
	"a block removes nobody and touches only its own person": func(s scenario, c computer) error {
		return each(s, c, func(_ *world, in Input, p Plan) error { return blocks(in, p, c) }, noAfter)
	},
}

func TestProperties(t *testing.T) {
	t.Parallel()
	for name, property := range properties {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				if err := property(scenarios.Draw(t, "scenario"), Compute); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}

func bytesOf(p Plan) string {
	raw, err := json.Marshal(p)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

func shuffled(w *world, in Input, seed uint64) Input {
	random := rand.New(rand.NewPCG(seed, 1))
	in.Links, in.Holds, in.Inclusions = shuffle(random, in.Links), shuffle(random, in.Holds), shuffle(random, in.Inclusions)
	in.Snapshots = maps.Clone(in.Snapshots)
	for tenant, s := range w.tenants {
		c := w.copy(s)
		c.Users, c.Deleted, c.Groups, c.Partners, c.Apps = shuffle(random, c.Users), shuffle(random, c.Deleted), shuffle(random, c.Groups), shuffle(random, c.Partners), shuffle(random, c.Apps)
		for i := range c.Groups {
			c.Groups[i].Users = shuffle(random, c.Groups[i].Users)
		}
		in.Snapshots[tenant], _ = directory.Seal(c)
	}
	return in
}

func shuffle[T any](random *rand.Rand, items []T) []T {
	items = slices.Clone(items)
	random.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
	return items
}

func inOrder(p Plan) error {
	for _, s := range p.Shares {
		last := -1
		done := map[string]bool{}
		for _, c := range s.Changes {
			at := slices.Index(Kinds(), c.Kind)
			if at <= last {
				return fmt.Errorf("%s is out of order", c.ID)
			}
			for _, d := range c.DependsOn {
				if !done[d] {
					return fmt.Errorf("%s comes before %s", c.ID, d)
				}
			}
			if len(before(c.Kind)) > 0 && len(c.DependsOn) == 0 && slices.Contains(kinds(s), InboundPartner) && c.Kind != ScopeAdd && c.Kind != ScopeRemove {
				return fmt.Errorf("%s waits for nothing", c.ID)
			}
			last, done[c.ID] = at, true
		}
	}
	return nil
}

func owned(_ *world, in Input, p Plan) error {
	for _, s := range p.Shares {
		source := in.Snapshots[s.Share.Source].Snapshot()
		for _, app := range source.Apps {
			if app.ServicePrincipalID == s.Desired.Found.ServicePrincipalID && app.DisplayName != s.Desired.AppName {
				return fmt.Errorf("%s uses the application of somebody else", s.Share)
			}
		}
		if g, ok := source.Group(s.Desired.Found.ScopeGroupID); ok && g.DisplayName != s.Desired.GroupName {
			return fmt.Errorf("%s uses the group of somebody else", s.Share)
		}
		for _, c := range s.Changes {
			side, tenant := Source, s.Share.Source
			if strings.HasPrefix(string(c.Kind), "target.") {
				side, tenant = Target, s.Share.Target
			}
			if c.Side != side || c.Tenant != tenant {
				return fmt.Errorf("%s is written in %s", c.ID, c.Tenant)
			}
		}
	}
	return nil
}

func removals(_ *world, in Input, p Plan) error {
	for _, s := range p.Shares {
		source := in.Snapshots[s.Share.Source].Snapshot()
		wanted, untrusted := map[string]bool{}, false
		share, _ := in.Topology.Share(s.Share)
		for _, name := range share.Sets {
			set, _ := in.Topology.Set(name)
			ids, refused := People(set, source)
			untrusted = untrusted || len(refused) > 0
			for _, id := range ids {
				wanted[id] = true
			}
		}
		g, _ := source.Group(s.Desired.Found.ScopeGroupID)
		for _, c := range s.Changes {
			if c.Kind != ScopeRemove {
				continue
			}
			if untrusted {
				return fmt.Errorf("%s removes although a set cannot be trusted", s.Share)
			}
			for _, id := range c.People {
				held := slices.ContainsFunc(in.Holds, func(h Hold) bool {
					return h.Tenant == s.Share.Target && h.Person.ID == id && h.Kind == HoldKeepOut && !h.Over(in.Now)
				}) || ruledOut(in, s.Share, id)
				if !slices.Contains(g.Users, id) || (wanted[id] && !held) {
					return fmt.Errorf("%s removes %s", s.Share, id)
				}
				if effectOn(s, id).Action != Remove {
					return fmt.Errorf("%s removes %s without saying so", s.Share, id)
				}
			}
		}
	}
	return nil
}

func keptOut(_ *world, in Input, p Plan) error {
	for _, s := range p.Shares {
		for _, h := range in.Holds {
			if h.Tenant != s.Share.Target || h.Kind != HoldKeepOut || h.Over(in.Now) {
				continue
			}
			for _, c := range s.Changes {
				if c.Kind == ScopeAdd && slices.Contains(c.People, h.Person.ID) {
					return fmt.Errorf("%s lets %s in", s.Share, h.Person.ID)
				}
			}
		}
	}
	return nil
}
