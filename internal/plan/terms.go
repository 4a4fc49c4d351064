package plan

import (
	"slices"
	"strings"
	"time"

	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/topology"
)

// Definition is what defines a user set, in one form: "group:" and the group's name or id in lower case, or "users"
// for a list. A list is a list of people: who comes onto it and leaves it is a matter of the cap.
func Definition(set topology.UserSet) string {
	if set.Group == "" {
		return "users"
	}
	return "group:" + strings.ToLower(set.Group)
}

// Definitions are those of some sets of a topology, by name.
func Definitions(t *topology.Topology, sets []string) map[string]string {
	definitions := make(map[string]string, len(sets))
	for _, set := range t.UserSets {
		if slices.Contains(sets, set.Name) {
			definitions[set.Name] = Definition(set)
		}
	}
	return definitions
}

// newSet says why a set of the share counts as one that the target did not accept; "" where it did. What defines it
// is part of what was accepted: a name alone says nothing about who comes.
func (s *sharePlanner) newSet(name string) string {
	if !slices.Contains(s.envelope.Sets, name) {
		return "new set: " + name
	}
	accepted, said := s.envelope.Definitions[name]
	i := slices.IndexFunc(s.in.Topology.UserSets, func(set topology.UserSet) bool { return set.Name == name })
	if !said || i < 0 || accepted == Definition(s.in.Topology.UserSets[i]) {
		return ""
	}
	if group := s.in.Topology.UserSets[i].Group; group != "" {
		return "set " + name + " is now group " + group
	}
	return "set " + name + " is now a list of people"
}

// termsDigest is a digest of what a yes to this share agrees to beside the people: under other terms it is another
// question.
func (s *sharePlanner) termsDigest() string {
	type asked struct {
		Mode         string
		AutoBelow    int
		Approvers    int
		MaxUsers     int
		ExpiresAfter time.Duration
	}
	p := s.share.Policy
	return ident.Digest(struct {
		Acceptance  asked
		Sets        []string
		Definitions map[string]string
		UserType    topology.UserType
		Action      string
	}{
		asked{p.Acceptance.Mode, p.Acceptance.AutoBelow, p.Acceptance.Approvers, p.Acceptance.MaxUsers, p.Acceptance.ExpiresAfter},
		s.share.Sets, Definitions(s.in.Topology, s.share.Sets), p.UserType, p.Deprovisioning.Action,
	})
}
