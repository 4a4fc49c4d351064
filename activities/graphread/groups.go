package graphread

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/graph"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
)

// deltaIDs is how many groups one delta may follow.
const deltaIDs = 50

// groups follows the groups that user sets and shares name, and every group nested in them.
func (o *observation) groups(ctx context.Context) error {
	if err := o.resolveGroups(ctx); err != nil {
		return err
	}
	known := map[string]directory.Group{}
	for _, g := range o.known.Groups {
		known[g.ID] = g
	}
	named := slices.Compact(slices.Sorted(maps.Values(o.cursor.Groups)))
	wanted := nestedIn(o.known.Groups, named)
	for {
		current, err := o.followGroups(ctx, known, wanted)
		if err != nil {
			return err
		}
		nested := nestedIn(current, named)
		if !slices.ContainsFunc(nested, func(id string) bool { return !slices.Contains(wanted, id) }) {
			current = slices.DeleteFunc(current, func(g directory.Group) bool { return !slices.Contains(nested, g.ID) })
			o.next.Groups = current
			o.forgetGone(current)
			o.next.Read = append(o.next.Read, directory.Groups)
			return nil
		}
		wanted = nested
		for _, g := range current {
			known[g.ID] = g
		}
	}
}

// resolveGroups finds the ids behind names, and goes on following those of other topologies: one that is only
// planned must not blind the one that is applied. A name that was found is not looked up again until the group is
// gone or renamed; one that was not found is looked up each time for a user set, and on a deep look for a scope
// group, which only we create.
func (o *observation) resolveGroups(ctx context.Context) error {
	for _, set := range o.topo.UserSets {
		if set.Tenant != o.in.Tenant.Name || set.Group == "" {
			continue
		}
		key := "set/" + set.Group
		if err := o.resolve(key, func() ([]directory.Group, error) { return o.setGroup(ctx, set.Group) }); err != nil {
			return err
		}
	}
	for _, p := range o.topo.Protected { // in every tenant: a guard that was not read would let people through
		if p.Tenant != o.in.Tenant.Name || p.Group == "" {
			continue
		}
		if err := o.resolve("set/"+p.Group, func() ([]directory.Group, error) { return o.setGroup(ctx, p.Group) }); err != nil {
			return err
		}
	}
	for _, s := range o.shares() {
		if s.Source != o.in.Tenant.Name {
			continue
		}
		nickname := plan.GroupNickname(o.topo.Name, s)
		key := "scope/" + nickname
		if !o.first && !o.in.Deep {
			continue
		}
		if err := o.resolve(key, func() ([]directory.Group, error) { return o.graph.GroupsByNickname(ctx, nickname) }); err != nil {
			return err
		}
	}
	return nil
}

// setGroup reads a set's group by object id or by display name.
func (o *observation) setGroup(ctx context.Context, name string) ([]directory.Group, error) {
	if !isGUID(name) {
		return o.graph.GroupsByName(ctx, name)
	}
	g, err := o.graph.Group(ctx, name)
	if err != nil && problem.KindOf(err) == problem.NotFound {
		return nil, nil
	}
	return []directory.Group{g}, err
}

func isGUID(s string) bool { return len(s) == 36 && strings.Count(s, "-") == 4 }

// resolve keeps every match: names are not unique, and the planner refuses what is ambiguous.
func (o *observation) resolve(key string, find func() ([]directory.Group, error)) error {
	if o.cursor.Groups[key] != "" && !o.in.Deep {
		return nil
	}
	found, err := find()
	if err != nil {
		return err
	}
	maps.DeleteFunc(o.cursor.Groups, func(k, _ string) bool { return k == key || strings.HasPrefix(k, key+"#") })
	for i, g := range found {
		k := key
		if i > 0 {
			k = fmt.Sprintf("%s#%d", key, i)
		}
		o.cursor.Groups[k] = g.ID
	}
	return nil
}

// followGroups applies the delta of every chunk of groups. A chunk whose ids changed starts over.
func (o *observation) followGroups(ctx context.Context, known map[string]directory.Group, ids []string) ([]directory.Group, error) {
	var out []directory.Group
	n := 0
	for chunk := range slices.Chunk(ids, deltaIDs) {
		name, link := fmt.Sprintf("groups.%d", n), ""
		n++
		if !o.returned && o.cursor.Extra[name+".ids"] == strings.Join(chunk, ",") {
			link = o.cursor.Extra[name]
		}
		groups, next, err := o.followChunk(ctx, known, link, chunk)
		if problem.KindOf(err) == problem.DeltaReset && err != nil {
			groups, next, err = o.followChunk(ctx, known, "", chunk)
		}
		if err != nil {
			return nil, err
		}
		o.cursor.Extra[name], o.cursor.Extra[name+".ids"] = next, strings.Join(chunk, ",")
		out = append(out, groups...)
	}
	slices.SortFunc(out, func(a, b directory.Group) int { return strings.Compare(a.ID, b.ID) })
	return out, nil
}

func (o *observation) followChunk(ctx context.Context, known map[string]directory.Group, link string, ids []string) ([]directory.Group, string, error) {
	state := map[string]*members{}
	if link != "" {
		for _, id := range ids {
			if g, ok := known[id]; ok {
				state[id] = membersOf(g)
			}
		}
	}
	next, err := o.graph.GroupsDelta(ctx, link, ids, func(ch graph.GroupChange) error {
		if ch.Removed != "" {
			delete(state, ch.ID)
			return nil
		}
		if state[ch.ID] == nil {
			state[ch.ID] = &members{users: map[string]bool{}, groups: map[string]bool{}}
		}
		state[ch.ID].apply(ch)
		return nil
	})
	if err != nil {
		return nil, "", err
	}
	var out []directory.Group
	for _, m := range state {
		out = append(out, o.group(m))
	}
	return out, next, nil
}

// group drops soft-deleted members: Graph keeps them in a group until they are gone for good.
func (o *observation) group(m *members) directory.Group {
	g := m.group
	g.Groups = slices.Sorted(maps.Keys(m.groups))
	for _, id := range slices.Sorted(maps.Keys(m.users)) {
		if _, live := o.next.User(id); live {
			g.Users = append(g.Users, id)
		}
	}
	// The delta must keep the deleted ones too: a restored user is a member again without a change of the group.
	g.Away = nil
	for _, id := range slices.Sorted(maps.Keys(m.users)) {
		if _, live := o.next.User(id); !live {
			g.Away = append(g.Away, id)
		}
	}
	return g
}

type members struct {
	group         directory.Group
	users, groups map[string]bool
}

func membersOf(g directory.Group) *members {
	m := &members{group: g, users: map[string]bool{}, groups: map[string]bool{}}
	m.group.Users, m.group.Groups, m.group.Away = nil, nil, nil
	for _, id := range slices.Concat(g.Users, g.Away) {
		m.users[id] = true
	}
	for _, id := range g.Groups {
		m.groups[id] = true
	}
	return m
}

func (m *members) apply(ch graph.GroupChange) {
	m.group = merged(m.group, ch)
	for _, added := range ch.Added {
		switch {
		case added.IsUser():
			m.users[added.ID] = true
		case added.IsGroup():
			m.groups[added.ID] = true
		}
	}
	for _, id := range ch.Left {
		delete(m.users, id)
		delete(m.groups, id)
	}
}

// merged applies the properties that a change carries; a missing one did not change.
func merged(known directory.Group, ch graph.GroupChange) directory.Group {
	g := known
	g.ID = ch.ID
	if ch.Present.Has(graph.FieldDisplayName) {
		g.DisplayName = ch.DisplayName
	}
	if ch.Present.Has(graph.FieldNickname) {
		g.MailNickname = ch.MailNickname
	}
	if ch.Present.Has(graph.FieldDescription) {
		g.Description = ch.Description
	}
	if ch.Present.Has(graph.FieldSecurity) {
		g.SecurityEnabled = ch.SecurityEnabled
	}
	if ch.Present.Has(graph.FieldGroupTypes) {
		g.Dynamic = ch.Dynamic
	}
	return g
}

// nestedIn adds to the named groups those inside them, at every depth that is known.
func nestedIn(groups []directory.Group, named []string) []string {
	all := slices.Clone(named)
	for i := 0; i < len(all); i++ {
		at := slices.IndexFunc(groups, func(g directory.Group) bool { return g.ID == all[i] })
		if at < 0 {
			continue
		}
		for _, id := range groups[at].Groups {
			if !slices.Contains(all, id) {
				all = append(all, id)
			}
		}
	}
	slices.Sort(all)
	return all
}

// forgetGone drops ids whose group is gone or carries another name, so that the name is looked up afresh.
func (o *observation) forgetGone(current []directory.Group) {
	maps.DeleteFunc(o.cursor.Groups, func(key, id string) bool {
		i := slices.IndexFunc(current, func(g directory.Group) bool { return g.ID == id })
		if i < 0 {
			return true
		}
		name, isSet := strings.CutPrefix(key, "set/")
		name, _, _ = strings.Cut(name, "#")
		return isSet && !isGUID(name) && !strings.EqualFold(current[i].DisplayName, name)
	})
}
