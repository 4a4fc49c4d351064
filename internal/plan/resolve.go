package plan

import (
	"fmt"
	"slices"
	"strings"

	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/topology"
)

// People resolves a user set in its home: object ids, sorted and once each. A set that cannot be resolved or
// that holds nobody comes with a refusal; whether that is fatal depends on the share and is left to it.
func People(set topology.UserSet, home *directory.Snapshot) ([]string, []Refusal, []Warning) {
	ids, refusal, warnings := resolve(set, home)
	if refusal == nil && len(ids) == 0 {
		refusal = &Refusal{
			Rule:   "empty-set",
			Detail: fmt.Sprintf("user set %s resolves to nobody", set.Name),
			Remedy: "an empty set never removes everyone: put people into it, or stop the share",
		}
	}
	if refusal == nil {
		return ids, nil, warnings
	}
	refusal.Tenant, refusal.UserSet, refusal.Pos = set.Tenant, set.Name, set.Pos
	return ids, []Refusal{*refusal}, warnings
}

func resolve(set topology.UserSet, home *directory.Snapshot) ([]string, *Refusal, []Warning) {
	if set.Group == "" {
		ids, warnings := byName(set, home)
		return ids, nil, warnings
	}
	groups := home.GroupsNamed(set.Group)
	switch {
	case len(groups) == 0:
		return nil, &Refusal{
			Rule:   "group-not-found",
			Detail: fmt.Sprintf("tenant %s has no group %q", set.Tenant, set.Group),
			Remedy: "create it, or name another group or its object id in user set " + set.Name,
		}, nil
	case len(groups) > 1:
		ids := make([]string, len(groups))
		for i, g := range groups {
			ids[i] = g.ID
		}
		return nil, &Refusal{
			Rule:   "group-ambiguous",
			Detail: fmt.Sprintf("tenant %s has %d groups called %q: %s", set.Tenant, len(groups), set.Group, strings.Join(ids, ", ")),
			Remedy: "write the object id of the right one in user set " + set.Name,
		}, nil
	}
	ids, err := home.FlattenUsers(groups[0].ID)
	if err != nil {
		return nil, &Refusal{
			Rule:   "group-incomplete",
			Detail: fmt.Sprintf("group %q: %s", set.Group, problem.Of(err).Detail),
			Remedy: "nothing is decided on a partial group; the next observation reads again",
		}, nil
	}
	return ids, nil, nil
}

// byName finds listed people among the live users of the home.
func byName(set topology.UserSet, home *directory.Snapshot) ([]string, []Warning) {
	wanted := make(map[string]bool, len(set.Users))
	for _, upn := range set.Users {
		wanted[strings.ToLower(upn)] = true
	}
	var ids []string
	for _, u := range home.Users {
		if upn := strings.ToLower(u.UserPrincipalName); wanted[upn] {
			ids = append(ids, u.ID)
			delete(wanted, upn)
		}
	}
	var warnings []Warning
	if len(wanted) > 0 {
		warnings = append(warnings, Warning{
			Rule: "user-not-found", Tenant: set.Tenant,
			Detail: fmt.Sprintf("%d of the %d people listed in user set %s are not in tenant %s", len(wanted), len(set.Users), set.Name, set.Tenant),
		})
	}
	slices.Sort(ids)
	return ids, warnings
}
