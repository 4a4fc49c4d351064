package plan

import (
	"slices"
	"strings"

	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/ident"
)

// people decides about everybody: the wanted ones first, then those who leave.
func (s *sharePlanner) people() {
	s.held()
	s.guards()
	wanted := s.wanted()
	s.excluded(wanted)
	for _, id := range wanted {
		s.judge(id)
	}
	s.leaveAsIs()
	s.arrive()
	s.convertByRing()
	s.leavers()
	s.remain()
	s.weigh()
	s.admit()
	s.sameMail(wanted)
	s.signIns()
	s.out.Desired.Members = make([]string, 0, len(s.keep))
	for id := range s.keep {
		s.out.Desired.Members = append(s.out.Desired.Members, id)
	}
	slices.Sort(s.out.Desired.Members)
}

// wanted is the union of the share's sets and of inclusions in force, sorted. A set that cannot be trusted
// makes a new share stop; a share that already carries people goes on without removing anybody.
func (s *sharePlanner) wanted() []string {
	if s.draining() {
		return nil
	}
	if s.retired() {
		return s.remaining()
	}
	var ids []string
	for _, name := range s.share.Sets {
		set := s.sets[name]
		ids = append(ids, set.people...)
		for _, r := range set.refusals {
			r.Fatal = r.Rule != userNotFound && s.carriesNobody()
			s.noRemovals = "stays: nobody is removed while a user set cannot be trusted"
			s.refuse(r)
		}
	}
	ids = append(ids, s.included()...)
	slices.Sort(ids)
	return slices.Compact(ids)
}

// included are the people of inclusions in force.
func (s *sharePlanner) included() []string {
	var ids []string
	for _, in := range s.in.Inclusions {
		ended := !in.Until.IsZero() && !s.in.Now.Before(in.Until)
		if in.Share == s.share.Share && in.Person.Home == s.share.Source && !ended {
			ids = append(ids, in.Person.ID)
		}
	}
	return ids
}

// judge decides about one wanted person. Nobody whom the engine would skip is added; somebody already in the
// scope group stays there, because taking them out would be a removal that nobody asked for.
func (s *sharePlanner) judge(id string) {
	home, known := s.source.User(id)
	home.ID = id
	e := s.effect(id, home)
	if why := s.protection(home); why != "" {
		s.protect(e, home, why)
		return
	}
	if why, out := s.outside[id]; out {
		if !s.carried[id] {
			e.Action, e.To, e.Reason = HeldOut, e.From, why
			s.add(e)
		}
		return // a carried one leaves, see leavers
	}
	eligible := true
	switch {
	case known && !s.carried[id] && s.unguarded(home):
		e, eligible = s.skip(e, "", "stays out until it is known who is protected"), false
	case !known:
		e, eligible = s.skip(e, "unknown-user", "a set names a user who is not among the source's live users"), false
	case home.External() || home.UserType != directory.Member:
		e, eligible = s.skip(e, "", "only internal members of the source are synchronized"), false
	default:
		e, eligible = s.representation(e, home)
	}
	if eligible && s.blockedOut(e) {
		e.Action, e.To, e.Reason = HeldOut, e.From, because("blocked by the target before arriving", s.blocked[id].Reason)
		eligible = false
	}
	if eligible || s.carried[id] {
		s.keep[id] = true
	}
	s.add(e)
}

// effect starts with who it is and how they stand in the target now.
func (s *sharePlanner) effect(id string, home directory.User) Effect {
	return Effect{
		Share: s.share.Share, Person: ident.Person{Home: s.share.Source, ID: id}, UPN: home.UserPrincipalName, Name: home.DisplayName,
		Tenant: s.share.Target, From: string(directory.StandsAbsent), To: string(directory.StandsAbsent),
	}
}

func (s *sharePlanner) add(e Effect) { s.out.Effects = append(s.out.Effects, e) }

func (s *sharePlanner) skip(e Effect, rule, why string) Effect {
	e.Action, e.To, e.Reason = Skip, e.From, why
	if rule != "" {
		s.warnAbout(e.Person, rule, e.Tenant, why)
	}
	return e
}

// representation decides by how the person stands in the target.
func (s *sharePlanner) representation(e Effect, home directory.User) (Effect, bool) {
	object, verdict := s.index.Match(home)
	switch verdict {
	case directory.Ambiguous:
		return s.skip(e, "ambiguous-match", "more than one external user of the target could be this person; Entente does not guess"), false
	case directory.Collision:
		return s.skip(e, "collision", "an internal user of the target has this address; the engine would fail with InvitationCreationFailureAmbiguousUser"), false
	case directory.NoMatch:
		if !home.Enabled {
			return s.skip(e, "", "disabled at home; the engine does not create disabled users"), false
		}
		e.Action, e.To, e.Reason = Create, string(directory.StandsMember), "new in the target"
		return e, true
	}
	stands := object.Stands(home.Enabled)
	e.ObjectID, e.From, e.To = object.ID, string(stands), string(stands)
	switch stands {
	case directory.StandsSoftDeleted:
		return s.comeBack(e, home, object)
	case directory.StandsGuest:
		return s.guest(e, home), true
	case directory.StandsPending:
		if object.UserType == directory.Guest {
			return s.guest(e, home), true
		}
		e.Action, e.Reason = KeepOne, "a Member already, but the invitation was never redeemed"
		return e, true
	case directory.StandsBlocked:
		if _, held := s.blocked[e.Person.ID]; held || s.released[e.Person.ID] {
			break // ours
		}
		s.warnAbout(e.Person, "blocked-in-target", e.Tenant, "the target blocks this person, but the next change at home undoes that; a hold of kind blocked keeps the sign-in off")
	}
	e.Action, e.Reason = KeepOne, "already there"
	return e, true
}

// comeBack is somebody in the target's recycle bin. The engine restores whom it deleted itself when they come
// into scope again. What the target's admin deleted it never notices, so that is our own restore.
func (s *sharePlanner) comeBack(e Effect, home, object directory.User) (Effect, bool) {
	if !home.Enabled {
		return s.skip(e, "", "disabled at home and in the target's recycle bin"), false
	}
	e.Action, e.To, e.Reason = Restore, string(directory.StandsMember), "comes back from the target's recycle bin as the same object"
	if object.UserType == directory.Guest && !s.converts {
		e.To = string(directory.StandsGuest)
	}
	if hold, blocked := s.blocked[e.Person.ID]; blocked && s.carried[e.Person.ID] {
		e.Action, e.To, e.Reason = KeepOne, e.From, "stays in the recycle bin; "+because("blocked by the target", hold.Reason)
		return e, true
	}
	if s.carried[e.Person.ID] {
		s.warnAbout(e.Person, "deleted-in-target", e.Tenant, "deleted in the target although the share carries this person; a hold keeps them out")
	}
	return e, true
}

// guest is somebody who was invited before. Making them a Member changes what somebody else made, so the
// target decides.
func (s *sharePlanner) guest(e Effect, home directory.User) Effect {
	switch {
	case s.converts && s.unguarded(home):
		s.out.Desired.Schema.UserTypeRecurring = false // the engine would convert them
		e.Action, e.Reason = Leave, "existing guest stays guest until it is known who is protected"
	case s.converts:
		e.Action, e.To, e.Reason = Adopt, string(directory.StandsMember), "existing guest becomes Member"
	case s.conversionAsked():
		s.terms.guests++
		e.Action, e.Reason = Leave, "existing guest stays guest; becomes Member if the target agrees"
	case s.envelope == nil && s.share.Policy.UserType.ExistingGuests == "ask":
		e.Action, e.To, e.Reason = Adopt, string(directory.StandsMember), "existing guest becomes Member if the target agrees"
	default:
		e.Action, e.Reason = Leave, "existing guest stays guest"
	}
	return e
}

// sameMail warns of people who share a mail address: the engine makes one account of them in the target.
func (s *sharePlanner) sameMail(wanted []string) {
	first := make(map[string]string, len(wanted))
	for _, id := range wanted {
		home, ok := s.source.User(id)
		mail := strings.ToLower(home.Mail)
		if !ok || mail == "" || !s.keep[id] {
			continue
		}
		if other, twice := first[mail]; twice {
			s.warnAbout(ident.Person{Home: s.share.Source, ID: id}, "same-mail", s.share.Source, "has the same mail address as user "+other+"; the engine would make one account of both in the target")
			continue
		}
		first[mail] = id
	}
}
