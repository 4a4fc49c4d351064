package directory

import (
	"slices"
	"strings"

	"entente.dev/entente/internal/problem"
)

// FlattenUsers lists the users of a group and of all groups in it, sorted and once each; cycles are fine.
// Assignment and provisioning see direct members only, so nesting has to be resolved here. NotFound: there
// is no such group. Incomplete: a nested group was not read, so the list would be too short.
func (s *Snapshot) FlattenUsers(groupID string) ([]string, error) {
	if _, ok := s.Group(groupID); !ok {
		return nil, s.groupProblem(problem.NotFound, "no group "+groupID)
	}
	var users []string
	seen := map[string]bool{groupID: true}
	queue := []string{groupID}
	for len(queue) > 0 {
		g, ok := s.Group(queue[0])
		if !ok {
			return nil, s.groupProblem(problem.Incomplete, "nested group "+queue[0]+" was not read")
		}
		queue = queue[1:]
		users = append(users, g.Users...)
		for _, nested := range g.Groups {
			if !seen[nested] {
				seen[nested] = true
				queue = append(queue, nested)
			}
		}
	}
	slices.Sort(users)
	return slices.Compact(users), nil
}

func (s *Snapshot) groupProblem(kind problem.Kind, detail string) error {
	err := problem.New(kind, "resolve a group", detail)
	err.Tenant = string(s.Tenant)
	return err
}

// GroupsNamed finds groups by object id, or else by display name without regard to case. Names are not
// unique in Entra, so there can be several.
func (s *Snapshot) GroupsNamed(nameOrID string) []Group {
	if g, ok := s.Group(strings.ToLower(nameOrID)); ok {
		return []Group{g}
	}
	if g, ok := s.Group(nameOrID); ok {
		return []Group{g}
	}
	var found []Group
	for _, g := range s.Groups {
		if strings.EqualFold(g.DisplayName, nameOrID) {
			found = append(found, g)
		}
	}
	return found
}
