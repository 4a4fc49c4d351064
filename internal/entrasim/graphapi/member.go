package graphapi

import (
	"slices"
	"strings"

	"entente.dev/entente/internal/entrasim/dir"
	"entente.dev/entente/internal/entrasim/odata"
)

func (c *call) addMember() error {
	m, err := c.decode()
	if err != nil {
		return err
	}
	id := lastSegment(m["@odata.id"])
	if id == "" {
		return dir.BadRequest("A value is required for property '@odata.id'.")
	}
	if derr := c.t.AddMembers(c.params["id"], []string{id}, c.actor()); derr != nil {
		return derr
	}
	return c.noContent()
}

func (c *call) removeMember() error {
	if err := c.t.RemoveMember(c.params["id"], c.params["ref"], c.actor()); err != nil {
		return err
	}
	return c.noContent()
}

// deleteThroughMember is what DELETE /groups/{id}/members/{id} without /$ref does: the path addresses the object
// itself, so the member is deleted from the directory (warning of the group-delete-members page).
func (c *call) deleteThroughMember() error {
	member := strings.ToLower(c.params["ref"])
	if ids, _, ok := c.t.Members(c.params["id"], 0, 1<<31-1, func(id string) bool { return id == member }); !ok || len(ids) == 0 {
		return dir.NotFound(member)
	}
	switch c.t.KindOf(member) {
	case "user":
		if err := c.t.DeleteUser(member, c.actor()); err != nil {
			return err
		}
	case "group":
		if err := c.t.DeleteGroup(member, c.actor()); err != nil {
			return err
		}
	default:
		return dir.BadRequest("The object cannot be deleted through its membership.")
	}
	return c.noContent()
}

// listMembers serves /groups/{id}/members and its casts; transitive members are collected whole.
func (c *call) listMembers(kind string, transitive bool) error {
	size, err := c.pageSize()
	if err != nil {
		return err
	}
	from, err := c.cursor()
	if err != nil {
		return err
	}
	if kind != "" && !c.advanced() {
		return dir.BadRequest("The specified cast is supported only with the header 'ConsistencyLevel: eventual' and $count=true.")
	}
	keep, err := c.memberFilter(kind)
	if err != nil {
		return err
	}
	id := c.params["id"]
	var ids []string
	next, count := 0, -1
	if transitive {
		all, ok := c.t.TransitiveMembers(id)
		if !ok {
			return dir.NotFound(id)
		}
		if keep != nil {
			all = slices.DeleteFunc(all, func(x string) bool { return !keep(x) })
		}
		count = len(all)
		from = min(from, len(all))
		upTo := min(from+size, len(all))
		if ids = all[from:upTo]; upTo < len(all) {
			next = upTo
		}
	} else {
		var ok bool
		if ids, next, ok = c.t.Members(id, from, size, nil); !ok {
			return dir.NotFound(id)
		}
		if keep != nil {
			ids = slices.DeleteFunc(ids, func(x string) bool { return !keep(x) })
		}
		if c.q.Count && c.eventual() {
			all, _, _ := c.t.Members(id, 0, 1<<31-1, nil)
			if keep != nil {
				all = slices.DeleteFunc(all, func(x string) bool { return !keep(x) })
			}
			count = len(all)
		}
	}
	if !c.q.Count || !c.eventual() {
		count = -1
	}
	return c.directoryObjects(ids, next, count)
}

func (c *call) memberFilter(kind string) (func(string) bool, error) {
	users, err := c.userFilter()
	if err != nil {
		return nil, err
	}
	if kind == "" && users == nil {
		return nil, nil
	}
	return func(id string) bool {
		u, isUser := c.t.User(id)
		if kind != "" && (kind == "user") != isUser {
			return false
		}
		if kind != "" && !isUser && c.t.KindOf(id) != kind {
			return false
		}
		return users == nil || isUser && users(u)
	}, nil
}

func (c *call) countMembers() error {
	if !c.eventual() {
		return dir.BadRequest("$count is not currently supported.")
	}
	all, _, ok := c.t.Members(c.params["id"], 0, 1<<31-1, nil)
	if !ok {
		return dir.NotFound(c.params["id"])
	}
	return c.plainNumber(len(all))
}

func (c *call) listOwners() error {
	if _, ok := c.t.Group(c.params["id"]); !ok {
		return dir.NotFound(c.params["id"])
	}
	return c.wholeList(c.t.Owners(c.params["id"]))
}

func (c *call) addOwner() error {
	m, err := c.decode()
	if err != nil {
		return err
	}
	id := lastSegment(m["@odata.id"])
	owners := c.t.Owners(c.params["id"])
	switch {
	case c.t.KindOf(id) == "":
		return dir.NotFound(id)
	case slices.Contains(owners, id):
		return dir.BadRequest("One or more added object references already exist for the following modified properties: 'owners'.")
	}
	c.t.SetOwners(c.params["id"], append(owners, id))
	return c.noContent()
}

func (c *call) removeOwner() error {
	owners := c.t.Owners(c.params["id"])
	i := slices.Index(owners, strings.ToLower(c.params["ref"]))
	if i < 0 {
		return dir.NotFound(c.params["ref"])
	}
	c.t.SetOwners(c.params["id"], slices.Delete(owners, i, i+1))
	return c.noContent()
}

// memberOf serves /users/{id}/memberOf and transitiveMemberOf.
func (c *call) memberOf(transitive bool) error {
	id := c.params["id"]
	if u, ok := c.t.User(id); ok {
		id = u.ID
	} else if c.t.KindOf(id) == "" {
		return dir.NotFound(id)
	}
	ids := c.groupsAbove(id, transitive)
	c.q.Select = slices.DeleteFunc(c.q.Select, func(n string) bool { _, ok := dir.LookupUserField(n); return !ok && !groupHas(n) })
	return c.wholeList(ids)
}

func groupHas(n string) bool { _, ok := odata.TypeOf("group").Lookup(n); return ok }
