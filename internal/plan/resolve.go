package plan

import (
	"fmt"
	"slices"
	"strings"

	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/topology"
)

// userNotFound is the rule of a listed person whom the home does not have. It is never fatal.
const userNotFound = "user-not-found"

// People resolves a user set in its home: object ids, sorted and once each. A set that cannot be resolved, that names
// somebody who is not there, or that holds nobody comes with refusals; whether those are fatal depends on the share
// and is left to it.
func People(set topology.UserSet, home *directory.Snapshot) ([]string, []Refusal) {
	ids, refusals := resolve(set, home)
	if len(ids) == 0 && (len(refusals) == 0 || refusals[0].Rule == userNotFound) {
		refusals = append(refusals, Refusal{
			Rule:   "empty-set",
			Detail: fmt.Sprintf("user set %s resolves to nobody", set.Name),
			Remedy: "an empty set never removes everyone: put people into it, or stop the share",
		})
	}
	for i := range refusals {
		refusals[i].Tenant, refusals[i].UserSet, refusals[i].Pos = set.Tenant, set.Name, set.Pos
	}
	return ids, refusals
}

func resolve(set topology.UserSet, home *directory.Snapshot) ([]string, []Refusal) {
	if set.Group == "" {
		return byName(set, home)
	}
	groups := home.GroupsNamed(set.Group)
	switch {
	case len(groups) == 0:
		return nil, []Refusal{{
			Rule:   "group-not-found",
			Detail: fmt.Sprintf("tenant %s has no group %q", set.Tenant, set.Group),
			Remedy: "create it, or name another group or its object id in user set " + set.Name,
		}}
	case len(groups) > 1:
		ids := make([]string, len(groups))
		for i, g := range groups {
			ids[i] = g.ID
		}
		return nil, []Refusal{{
			Rule:   "group-ambiguous",
			Detail: fmt.Sprintf("tenant %s has %d groups called %q: %s", set.Tenant, len(groups), set.Group, strings.Join(ids, ", ")),
			Remedy: "write the object id of the right one in user set " + set.Name,
		}}
	}
	ids, err := home.FlattenUsers(groups[0].ID)
	if err != nil {
		return nil, []Refusal{{
			Rule:   "group-incomplete",
			Detail: fmt.Sprintf("group %q: %s", set.Group, problem.Of(err).Detail),
			Remedy: "nothing is decided on a partial group; the next observation reads again",
		}}
	}
	return ids, nil
}

// byName finds listed people among the live users of the home. Somebody who was renamed at home looks like a leaver
// here, so a name that nobody has is refused: nobody is removed until it is corrected.
func byName(set topology.UserSet, home *directory.Snapshot) ([]string, []Refusal) {
	wanted := make(map[string]bool, len(set.Users))
	for _, upn := range set.Users {
		wanted[strings.ToLower(upn)] = true
	}
	listed := len(wanted)
	var ids []string
	for _, u := range home.Users {
		if upn := strings.ToLower(u.UserPrincipalName); wanted[upn] {
			ids = append(ids, u.ID)
			delete(wanted, upn)
		}
	}
	slices.Sort(ids)
	if len(wanted) == 0 {
		return ids, nil
	}
	return ids, []Refusal{{
		Rule:   userNotFound,
		Detail: fmt.Sprintf("%d of the %d people listed in user set %s are not in tenant %s", len(wanted), listed, set.Name, set.Tenant),
		Remedy: "correct the name in user set " + set.Name,
	}}
}
