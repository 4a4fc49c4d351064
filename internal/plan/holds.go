package plan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/ident"
)

// The kinds of a hold.
const (
	HoldKeepOut = "keepOut"
	HoldBlocked = "blocked"
)

// Over tells whether a hold has ended: it was released, or it ran out.
func (h Hold) Over(now time.Time) bool {
	return !h.Ended.IsZero() || !h.Until.IsZero() && !now.Before(h.Until)
}

// held collects what the target's holds say about people of this share. A hold in force covers one that ended.
func (s *sharePlanner) held() {
	var ours []Hold
	for _, h := range s.in.Holds {
		if h.Tenant == s.share.Target && h.Person.Home == s.share.Source {
			ours = append(ours, h)
		}
	}
	slices.SortFunc(ours, func(a, b Hold) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.By, b.By))
	})
	s.blocked, s.released = map[string]Hold{}, map[string]bool{}
	for _, h := range ours {
		switch id := h.Person.ID; {
		case h.Over(s.in.Now):
			if h.Kind == HoldBlocked {
				s.released[id] = true
			}
		case h.Kind == HoldBlocked:
			s.blocked[id] = h
		default:
			s.outside[id] = because("a hold of the target keeps this person out", h.Reason)
		}
	}
	for id := range s.released {
		if _, blocked := s.blocked[id]; blocked || s.outside[id] != "" {
			delete(s.released, id)
		}
	}
}

// blockedOut tells whether a block keeps a newcomer out: an account that is not ours yet is never touched, so the
// block could not hold.
func (s *sharePlanner) blockedOut(e Effect) bool {
	_, blocked := s.blocked[e.Person.ID]
	return blocked && !s.carried[e.Person.ID] && !(s.index.Linked(e.ObjectID) && e.From != string(directory.StandsSoftDeleted))
}

// signIns turns the sign-in of blocked people off, again where the engine undid it, and on again once their hold is
// over. It looks at people of holds only, and touches an external object only that we carry or that is proven theirs.
func (s *sharePlanner) signIns() {
	if s.draining() || len(s.blocked)+len(s.released) == 0 {
		return
	}
	effects := s.effectsOf()
	for _, id := range slices.Sorted(maps.Keys(effects)) {
		home, live := s.source.User(id)
		if !live || !home.Enabled {
			continue // nobody can sign in, and the engine mirrors that
		}
		object, verdict := s.index.Match(home)
		if !verdict.Found() || !object.External() || !object.DeletedAt.IsZero() || !(s.carried[id] || verdict == directory.ByLink) {
			continue
		}
		hold, blocked := s.blocked[id]
		why := because("blocked by the target", hold.Reason)
		switch {
		case blocked && object.Enabled && s.guarded[s.share.Target].why[object.ID] != "":
			s.warnAbout(ident.Person{Home: s.share.Source, ID: id}, "protected-hold", s.share.Target, "protected in the target: the sign-in stays on although a hold says otherwise")
		case blocked && object.Enabled:
			s.off = append(s.off, object.ID)
			s.mark(effects[id], home, object, TurnOff, string(directory.StandsBlocked), why)
		case blocked:
			s.mark(effects[id], home, object, KeepOne, "", why)
		case !object.Enabled:
			s.on = append(s.on, object.ID)
			object.Enabled = true
			s.mark(effects[id], home, object, TurnOn, string(object.Stands(true)), "the target's hold is over: sign-in as before")
		}
	}
}

// effectsOf finds where the effects on people of blocks are; -1 where there is none.
func (s *sharePlanner) effectsOf() map[string]int {
	at := map[string]int{}
	for id := range s.blocked {
		at[id] = -1
	}
	for id := range s.released {
		at[id] = -1
	}
	for i, e := range s.out.Effects {
		if _, held := at[e.Person.ID]; held {
			at[e.Person.ID] = i
		}
	}
	return at
}

// mark says it in the person's effect, unless something greater happens to them. Somebody who is in no set any more
// but whose account stayed gets an effect only when it changes.
func (s *sharePlanner) mark(at int, home, object directory.User, action EffectAction, to, why string) {
	if at < 0 {
		if action == KeepOne {
			return
		}
		e := s.effect(home.ID, home)
		found, _ := s.target.User(object.ID)
		e.ObjectID, e.From = object.ID, string(found.Stands(home.Enabled))
		s.add(e)
		at = len(s.out.Effects) - 1
	}
	e := &s.out.Effects[at]
	switch e.Action {
	case KeepOne, Adopt, Leave, "":
	default:
		return
	}
	e.Action, e.Reason = action, why
	if e.To = to; action == KeepOne {
		e.To = e.From
	}
}

// signInChanges lists them.
func (s *sharePlanner) signInChanges() {
	if len(s.off) > 0 {
		s.change(Block, "update", fmt.Sprintf("turn the sign-in of %s off", persons(len(s.off), "person")), "accountEnabled=true", "accountEnabled=false", s.off)
	}
	if len(s.on) > 0 {
		s.change(Unblock, "update", fmt.Sprintf("turn the sign-in of %s on again", persons(len(s.on), "person")), "accountEnabled=false", "accountEnabled=true", s.on)
	}
}

// Undone lists the blocks of a share that are over and left nothing to undo, as a look at the target after their end
// shows: the sign-in is on. They may be forgotten, and have to be, because the next sign-in that is off would be the
// target's own doing.
func Undone(in Input, share ident.Share) []Hold {
	source, target := in.Snapshots[share.Source].Snapshot(), in.Snapshots[share.Target].Snapshot()
	if source == nil || target == nil {
		return nil
	}
	var over []Hold
	for _, h := range in.Holds {
		ours := h.Tenant == share.Target && h.Person.Home == share.Source && h.Kind == HoldBlocked
		if ours && h.Over(in.Now) && !target.TakenAt.Before(h.end()) {
			over = append(over, h)
		}
	}
	if len(over) == 0 {
		return nil
	}
	index := directory.NewIndex(target)
	for _, l := range in.Links {
		if l.Tenant == share.Target && l.Tenant != l.Person.Home {
			index.Link(l.Person.ID, l.ObjectID)
		}
	}
	return slices.DeleteFunc(over, func(h Hold) bool {
		home, known := source.User(h.Person.ID)
		object, verdict := index.Match(home)
		return !known || !verdict.Found() || !object.External() || !object.DeletedAt.IsZero() || !object.Enabled
	})
}

// end is when a hold that is over ended.
func (h Hold) end() time.Time {
	if h.Ended.IsZero() {
		return h.Until
	}
	return h.Ended
}
