package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/ident"
)

// holding is a drawn hold of a person's first target.
type holding struct {
	Who                int
	Blocks, Late, Ends bool
}

func (h holding) put(w *world, p someone) {
	target, kind := ident.Tenant("a"), HoldKeepOut
	if p.Home == "a" {
		target = "b"
	}
	if h.Blocks {
		kind = HoldBlocked
	}
	w.holds = append(w.holds, Hold{Person: ident.Person{Home: p.Home, ID: fmt.Sprintf("%s-p%d", p.Home, h.Who)}, Tenant: target, Kind: kind})
}

// narrowing is what becomes of the envelopes after the first step (or before it), besides the engine's own doings.
type narrowing struct {
	Early                    bool
	Cap                      int
	Strange, Expired, Revoke bool
	Rule                     bool // leaves out people whose name ends in 1
	Auto                     bool
	Below                    int
	Undo                     bool // the engine turns every sign-in on again
}

var narrowings = rapid.Custom(func(t *rapid.T) narrowing {
	seldom := rapid.Map(rapid.IntRange(0, 3), func(n int) bool { return n == 0 })
	return narrowing{
		Early: rapid.Bool().Draw(t, "early"), Cap: rapid.SampledFrom([]int{500, 0, 1, 2, 3, 4}).Draw(t, "cap"), Strange: seldom.Draw(t, "strange set"),
		Expired: seldom.Draw(t, "expired"), Revoke: seldom.Draw(t, "revoked"), Rule: seldom.Draw(t, "rule"), Auto: seldom.Draw(t, "auto"),
		Below: rapid.IntRange(0, 6).Draw(t, "below"), Undo: rapid.Bool().Draw(t, "undo"),
	}
})

// happens changes the world around one step.
func (s scenario) happens(w *world, step int) {
	if (step == 0) == s.Terms.Early && step < 2 {
		s.narrow(w)
	}
	if (step == 1) == s.Guard.Late && step < 2 {
		s.Guard.put(w, s.People)
	}
	for _, h := range s.Holds {
		if (step == 1) == h.Late && step < 2 {
			h.put(w, s.People[h.Who])
		}
	}
	for i, h := range w.holds {
		ends := slices.ContainsFunc(s.Holds, func(d holding) bool { return d.Ends && strings.HasSuffix(h.Person.ID, fmt.Sprintf("-p%d", d.Who)) })
		if step == 2 && ends {
			w.holds[i].Ended = now
		}
	}
	for _, tenant := range w.tenants {
		for i := range tenant.Users {
			if u := &tenant.Users[i]; s.Terms.Undo && u.External() {
				u.Enabled = true
			}
		}
	}
}

func (s scenario) narrow(w *world) {
	w.envelopes = rewritten(Input{Envelopes: w.envelopes}, func(e *Envelope) {
		e.MaxUsers, e.Auto, e.AutoBelow = s.Terms.Cap, s.Terms.Auto, s.Terms.Below
		if s.Terms.Strange {
			e.Sets = []string{"others"}
		}
		if s.Terms.Expired {
			e.ExpiresAt = now
		}
		if s.Terms.Revoke {
			e.Revoked = &Revocation{By: "kim", Reason: "an incident", At: now}
		}
		if s.Terms.Rule {
			e.Rules = []ExclusionRule{{Field: "name", Match: "*1"}}
		}
	}).Envelopes
	if s.Terms.Auto {
		for i := range w.topology.Shares {
			w.topology.Shares[i].Policy.Acceptance.Mode = "auto"
		}
	}
}

// rewritten is the input with other envelopes.
func rewritten(in Input, change func(*Envelope)) Input {
	in.Envelopes = maps.Clone(in.Envelopes)
	for share, e := range in.Envelopes {
		change(&e)
		in.Envelopes[share] = e
	}
	return in
}

func scopeOf(in Input, s SharePlan) []string {
	g, _ := in.Snapshots[s.Share.Source].Snapshot().Group(s.Desired.Found.ScopeGroupID)
	return g.Users
}

func newcomers(in Input, s SharePlan) []string {
	carried := scopeOf(in, s)
	return slices.DeleteFunc(slices.Clone(s.Desired.Members), func(id string) bool { return slices.Contains(carried, id) })
}

func changed(s SharePlan, kinds ...Kind) []string {
	var people []string
	for _, c := range s.Changes {
		if slices.Contains(kinds, c.Kind) {
			people = append(people, c.People...)
		}
	}
	return people
}

func ruledOut(in Input, share ident.Share, id string) bool {
	user, _ := in.Snapshots[share.Source].Snapshot().User(id)
	return len(in.Envelopes[share].Rules) > 0 && strings.HasSuffix(user.DisplayName, "1")
}

// inside judges newcomers by the words of the envelope.
func inside(_ *world, in Input, p Plan) error {
	for _, s := range p.Shares {
		e, agreed := in.Envelopes[s.Share]
		if !agreed {
			continue
		}
		declared, _ := in.Topology.Share(s.Share)
		auto := e.Auto && declared.Policy.Acceptance.Mode == "auto" && (e.AutoBelow == 0 || s.Counts.People+s.Counts.Waiting+s.Counts.Removals < e.AutoBelow)
		come := newcomers(in, s)
		for _, id := range come {
			switch {
			case e.Revoked != nil, ruledOut(in, s.Share, id):
				return fmt.Errorf("%s lets %s in", s.Share, id)
			case auto:
			case !in.Now.Before(e.ExpiresAt), slices.Contains(e.Sets, "others"):
				return fmt.Errorf("%s lets %s in without a valid yes", s.Share, id)
			case len(come)+len(scopeOf(in, s)) > e.MaxUsers: // who leaves is there until they are out
				return fmt.Errorf("%s lets %s in over the cap of %d", s.Share, id, e.MaxUsers)
			}
		}
		if added := changed(s, ScopeAdd); !s.fatal() && !slices.Equal(added, come) {
			return fmt.Errorf("%s adds %v, not %v", s.Share, added, come)
		}
		if s.Counts.Waiting > 0 && s.Counts.Removals == 0 && !s.Acceptance.Needed && !s.Acceptance.Frozen {
			return fmt.Errorf("%s makes %d wait and asks nobody", s.Share, s.Counts.Waiting)
		}
	}
	return nil
}

func (p SharePlan) fatal() bool {
	return slices.ContainsFunc(p.Refusals, func(r Refusal) bool { return r.Fatal })
}

func narrower(in Input, p Plan, compute computer) error {
	for name, tighten := range map[string]func(*Envelope){
		"cap":    func(e *Envelope) { e.MaxUsers /= 2 },
		"sets":   func(e *Envelope) { e.Sets = nil },
		"expiry": func(e *Envelope) { e.ExpiresAt = e.ExpiresAt.Add(-2 * time.Hour) },
		"auto":   func(e *Envelope) { e.Auto = false },
		"below": func(e *Envelope) {
			if e.AutoBelow = e.AutoBelow / 2; e.AutoBelow == 0 {
				e.AutoBelow = 1
			}
		},
	} {
		for i, s := range compute(rewritten(in, tighten)).Shares {
			if tight, loose := len(newcomers(in, s)), len(newcomers(in, p.Shares[i])); tight > loose {
				return fmt.Errorf("%s: a tighter %s lets %d in, not %d", s.Share, name, tight, loose)
			}
		}
	}
	return nil
}

func revoked(in Input, p Plan, compute computer) error {
	frozen := compute(rewritten(in, func(e *Envelope) { e.Revoked = &Revocation{By: "kim", Reason: "an incident"} }))
	for i, s := range frozen.Shares {
		if _, agreed := in.Envelopes[s.Share]; !agreed {
			continue
		}
		if added := changed(s, ScopeAdd, Convert, Undelete); len(added) > 0 || !s.Acceptance.Frozen || s.Acceptance.Needed {
			return fmt.Errorf("%s adds %v: %+v", s.Share, added, s.Acceptance)
		}
		for _, c := range s.Changes {
			if c.Action == "create" {
				return fmt.Errorf("%s sets up %s", s.Share, c.Kind)
			}
		}
		if was, is := changed(p.Shares[i], ScopeRemove), changed(s, ScopeRemove); !slices.Equal(was, is) {
			return fmt.Errorf("%s: %v leave, not %v", s.Share, is, was)
		}
	}
	return nil
}

// crowded counts who is in scope while newcomers come: together they are never more than the cap.
func crowded(_ *world, in Input, p Plan) error {
	for _, s := range p.Shares {
		e, agreed := in.Envelopes[s.Share]
		there, come := len(scopeOf(in, s)), len(newcomers(in, s))
		if agreed && !e.Auto && come > 0 && there+come > e.MaxUsers {
			return fmt.Errorf("%s carries %d, and %d come: the cap is %d", s.Share, there, come, e.MaxUsers)
		}
	}
	return nil
}

func capped(in Input, p Plan, compute computer) error {
	for i, s := range compute(rewritten(in, func(e *Envelope) { e.MaxUsers = 0 })).Shares {
		if was, is := changed(p.Shares[i], ScopeRemove), changed(s, ScopeRemove); !slices.Equal(was, is) {
			return fmt.Errorf("%s: without room %v leave, not %v", s.Share, is, was)
		}
	}
	return nil
}

func blocks(in Input, p Plan, compute computer) error {
	free := in
	free.Holds = slices.DeleteFunc(slices.Clone(in.Holds), func(h Hold) bool { return h.Kind == HoldBlocked })
	unheld := compute(free)
	for i, s := range p.Shares {
		if was, is := changed(unheld.Shares[i], ScopeRemove), changed(s, ScopeRemove); !slices.Equal(was, is) {
			return fmt.Errorf("%s: with a block %v leave, not %v", s.Share, is, was)
		}
		for _, id := range changed(s, Block, Unblock) {
			if err := heldPerson(in, s.Share, id); err != nil {
				return err
			}
		}
	}
	return nil
}

// heldPerson insists that an object is external and stands, in one of the ways there are, for somebody who is held.
func heldPerson(in Input, share ident.Share, objectID string) error {
	object, live := in.Snapshots[share.Target].Snapshot().User(objectID)
	if !live || !object.External() {
		return fmt.Errorf("%s changes the sign-in of %s, which is no live external object", share, objectID)
	}
	for _, h := range in.Holds {
		home, _ := in.Snapshots[share.Source].Snapshot().User(h.Person.ID)
		address, _ := directory.HomeAddress(object)
		if h.Kind == HoldBlocked && h.Tenant == share.Target && home.Enabled && strings.EqualFold(address, home.UserPrincipalName) {
			return nil
		}
	}
	return fmt.Errorf("%s changes the sign-in of %s, whom no hold names", share, objectID)
}
