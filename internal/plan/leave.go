package plan

import (
	"entente.dev/entente/internal/directory"
)

// leavers are in the scope group and not wanted. Taking them out makes the engine soft-delete them in the
// target, unless the policy keeps people.
func (s *sharePlanner) leavers() {
	var leaving []leaver
	for id := range s.carried {
		if s.keep[id] {
			continue
		}
		home, live := s.source.User(id)
		if !live {
			if home, live = s.source.DeletedUser(id); !live {
				home = directory.User{ID: id}
			}
		}
		e := s.effect(id, home)
		if why := s.protection(home); why != "" {
			s.protect(e, home, why)
			continue
		}
		if s.noRemovals != "" {
			s.stays(e, home, s.noRemovals)
			continue
		}
		leaving = append(leaving, leaver{e, home})
	}
	s.leaveByRing(leaving)
}

// leaver is somebody who is to go.
type leaver struct {
	effect Effect
	home   directory.User
}

// stays keeps somebody in scope who is not to be touched.
func (s *sharePlanner) stays(e Effect, home directory.User, why string) {
	s.keep[e.Person.ID] = true
	if object, verdict := s.index.Match(home); verdict.Found() {
		e.ObjectID, e.From = object.ID, string(object.Stands(home.Enabled))
	}
	e.Action, e.To, e.Reason = KeepOne, e.From, why
	s.add(e)
}

func (s *sharePlanner) leave(e Effect, home directory.User) Effect {
	e.Action, e.Reason = Remove, "no longer in a user set of this share"
	if why, out := s.outside[e.Person.ID]; out {
		e.Reason = why
	}
	object, verdict := s.index.Match(home)
	if !verdict.Found() {
		return e
	}
	stands := object.Stands(home.Enabled)
	e.ObjectID, e.From, e.To = object.ID, string(stands), string(directory.StandsSoftDeleted)
	if stands == directory.StandsSoftDeleted {
		return e
	}
	if !s.out.Desired.Schema.Deletes {
		e.To, e.Reason = e.From, e.Reason+"; the policy keeps the account in the target"
		return e
	}
	guest := stands == directory.StandsGuest || stands == directory.StandsPending
	if guest || !(s.index.Linked(object.ID) || s.in.Owned[object.ID]) {
		s.warnAbout(e.Person, "engine-deletes", e.Tenant, "this account was perhaps there before the share, and the engine soft-deletes it all the same; it can be restored for 30 days")
	}
	if !home.Enabled {
		s.warnAbout(e.Person, "disabled-then-removed", e.Tenant, "disabled at home before leaving: the engine may leave the disabled account in the target; Entente then deletes it there, if this share brought it")
	}
	return e
}
