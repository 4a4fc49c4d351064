package plan

import (
	"fmt"
	"slices"
	"strings"

	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/topology"
)

const (
	protectedUnresolved = "protected-unresolved"
	protectedCarried    = "protected-carried"
)

// guard is whom one tenant protects.
type guard struct {
	why      map[string]string // object id → why
	refusals []Refusal         // what could not be resolved: then nobody knows everybody who is protected
}

func (g guard) incomplete() bool { return len(g.refusals) > 0 }

// Guarded resolves whom a tenant protects: the people whom the topology names there, and holders of directory roles.
// The answer is object ids with the reason; the refusals say what could not be resolved.
func Guarded(t *topology.Topology, home *directory.Snapshot) (map[string]string, []Refusal) {
	why := map[string]string{}
	var refusals []Refusal
	for _, p := range t.Protected {
		if p.Tenant != home.Tenant {
			continue
		}
		set := topology.UserSet{Name: "protected", Tenant: p.Tenant, Group: p.Group, Users: p.Users}
		ids, refused := resolve(set, withDeleted(home))
		reason := "protected: named by the topology"
		if p.Group != "" {
			reason = "protected: member of group " + p.Group
		}
		for _, id := range ids {
			if why[id] == "" {
				why[id] = reason
			}
		}
		for _, r := range refused {
			refusals = append(refusals, unresolved(p, r))
		}
	}
	if home.RolesRead() {
		for _, id := range home.RoleHolders {
			if why[id] == "" {
				why[id] = "protected: holds a directory role"
			}
		}
	}
	return why, refusals
}

// withDeleted lets a listed person be found who is in the recycle bin: they are no stranger. Entra puts the object id,
// without hyphens, in front of their name there.
func withDeleted(home *directory.Snapshot) *directory.Snapshot {
	s := *home
	s.Users = slices.Clone(home.Users)
	for _, u := range home.Deleted {
		if name, ok := strings.CutPrefix(strings.ToLower(u.UserPrincipalName), strings.ToLower(strings.ReplaceAll(u.ID, "-", ""))); ok {
			u.UserPrincipalName = name
		}
		s.Users = append(s.Users, u)
	}
	return &s
}

func unresolved(p topology.Protected, r Refusal) Refusal {
	detail := r.Detail
	if r.Rule == userNotFound {
		detail = fmt.Sprintf("some of the %d people listed as protected are not in tenant %s", len(p.Users), p.Tenant)
	}
	return Refusal{
		Rule: protectedUnresolved, Tenant: p.Tenant, Pos: p.Pos,
		Detail: detail + "; nobody knows whom to protect, so nobody new comes from there and nobody is removed or converted",
		Remedy: "correct who is protected in tenant " + string(p.Tenant) + ", or wait for the next complete observation",
	}
}

// guards finds whom the two tenants of the share protect. What cannot be resolved makes a new share stop, and one that
// is being stopped; any other goes on without newcomers, removals and conversions.
func (s *sharePlanner) guards() {
	for _, tenant := range []ident.Tenant{s.share.Source, s.share.Target} {
		for _, r := range s.guarded[tenant].refusals {
			r.Fatal = s.draining() || s.carriesNobody()
			s.noRemovals = "stays: nobody is removed while it is not known who is protected"
			s.refuse(r)
		}
	}
}

// unguarded tells whether somebody could be protected without our knowledge: anybody of a source, and in a target
// whoever has an object there already.
func (s *sharePlanner) unguarded(home directory.User) bool {
	return s.guarded[s.share.Source].incomplete() || s.guarded[s.share.Target].incomplete() && len(s.index.Candidates(home)) > 0
}

// protection says why somebody is protected, at home or by what they are in the target; "" when they are not. In the
// target every object counts that could be theirs.
func (s *sharePlanner) protection(home directory.User) string {
	if why := s.guarded[s.share.Source].why[home.ID]; why != "" {
		return why
	}
	there := s.guarded[s.share.Target].why
	if len(there) == 0 {
		return ""
	}
	for _, id := range s.index.Candidates(home) {
		if why := there[id]; why != "" {
			return why + " in tenant " + string(s.share.Target)
		}
	}
	return ""
}

// protect leaves a protected person as they are: out of the share, or in it where somebody put them there.
func (s *sharePlanner) protect(e Effect, home directory.User, why string) {
	if !s.carried[e.Person.ID] {
		if object, verdict := s.index.Match(home); verdict.Found() {
			e.ObjectID, e.From = object.ID, string(object.Stands(home.Enabled))
		}
		e.Action, e.To, e.Reason = Skip, e.From, why
		s.add(e)
		return
	}
	s.warnAbout(e.Person, protectedCarried, s.share.Source, "protected, but the share carries this person already: nobody is taken out or converted by Entente")
	s.remains++
	for _, id := range s.index.Candidates(home) {
		if object, live := s.target.User(id); live && object.UserType == directory.Guest {
			s.out.Desired.Schema.UserTypeRecurring = false // the engine would convert them
		}
	}
	s.stays(e, home, why)
}

// remain refuses to stop a share while it carries protected people: what takes its set-up down would strand them.
func (s *sharePlanner) remain() {
	if s.remains == 0 || !s.draining() {
		return
	}
	s.refuse(Refusal{
		Rule: protectedCarried, Fatal: true, Tenant: s.share.Source,
		Detail: fmt.Sprintf("%s of this share protected: Entente takes none of them out, and without them it is not stopped", areThey(s.remains)),
		Remedy: "take them out of what is protected, or take them out of the scope group by hand and wait until they are gone in the target",
	})
}

func areThey(n int) string {
	if n == 1 {
		return "1 person is"
	}
	return fmt.Sprintf("%d people are", n)
}

// rolesUnread warns, once for each tenant of the planned shares, that its role holders are not known.
func (c *computation) rolesUnread() []Warning {
	var warnings []Warning
	for _, t := range c.in.Topology.Tenants {
		s := c.in.Snapshots[t.Name].Snapshot()
		touched := slices.ContainsFunc(c.in.Topology.Shares, func(share topology.Share) bool {
			return c.plans(share.Share) && (share.Source == t.Name || share.Target == t.Name)
		})
		if s == nil || s.RolesRead() || !touched {
			continue
		}
		warnings = append(warnings, Warning{
			Rule: "roles-not-read", Tenant: t.Name,
			Detail: "who holds a directory role was not read, so role holders are not protected; RoleManagement.Read.Directory lets Entente read it",
		})
	}
	return warnings
}
