package topology

import (
	"cmp"
	"slices"
)

// protected reads who is never shared, converted or removed.
func (r *reader) protected(doc mapping, t *Topology) []Protected {
	list, _ := doc.list("protected")
	var all []Protected
	for _, n := range list {
		m := r.mapping(n, protectedTable)
		if m.keys == nil {
			continue
		}
		p := Protected{Tenant: r.tenant(m, "tenant", t), Pos: position(n)}
		switch group, users := m.has("group"), m.has("users"); {
		case group && users:
			r.report(m.node, RuleBadValue, "a protected entry has both group and users", "make one entry for each")
		case !group && !users:
			r.report(m.node, RuleMissingField, "a protected entry names nobody", "write group: NAME or users: [UPN, …]")
		}
		p.Group, _ = m.text("group")
		p.Users = r.users(m, "a protected entry without anybody", "name people, or leave the entry out")
		all = append(all, p)
	}
	slices.SortStableFunc(all, func(a, b Protected) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Group, b.Group), slices.Compare(a.Users, b.Users))
	})
	return all
}
