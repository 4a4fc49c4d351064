package graphapi

import (
	"slices"
	"strings"

	"entente.dev/entente/internal/entrasim/dir"
)

// referenceRoutes are single references, and what an object owns, manages or belongs to.
func referenceRoutes() []*route {
	up := func(transitive bool) func(*call) error { return func(c *call) error { return c.memberOf(transitive) } }
	mine := append(append([]string{}, groupsRead...), usersRead...)
	out := []*route{
		get("/groups/{id}/members/{ref}/$ref", groupsRead, func(c *call) error { return c.reference(c.memberIDs) }),
		get("/groups/{id}/owners/{ref}/$ref", groupsRead, func(c *call) error { return c.reference(c.groupOwners) }),
		get("/groups/{id}/members/$ref", groupsRead, func(c *call) error { return c.listReferences(c.memberIDs) }),
		get("/groups/{id}/owners/$ref", groupsRead, func(c *call) error { return c.listReferences(c.groupOwners) }),
		get("/servicePrincipals/{id}/memberOf", appsRead, up(false)), get("/servicePrincipals/{id}/transitiveMemberOf", appsRead, up(true)),
		get("/servicePrincipals/{id}/ownedObjects", appsRead, (*call).ownedObjects), get("/users/{id}/ownedObjects", mine, (*call).ownedObjects),
		get("/users/{id}/directReports", usersRead, (*call).directReports),
		del("/directoryObjects/{id}", []string{"Directory.ReadWrite.All", "User.ReadWrite.All", "Group.ReadWrite.All", "Application.ReadWrite.All"}, (*call).deleteDirectoryObject),
	}
	for _, set := range []string{"/applications", "/servicePrincipals"} {
		col := func(c *call) *dir.Collection {
			if set == "/applications" {
				return c.t.Applications
			}
			return c.t.ServicePrincipals
		}
		owners := func(c *call) ([]string, error) { return c.objectOwners(col(c)) }
		out = append(out,
			get(set+"/{id}/owners/$ref", appsRead, func(c *call) error { return c.listReferences(func() ([]string, error) { return owners(c) }) }),
			get(set+"/{id}/owners/{ref}/$ref", appsRead, func(c *call) error { return c.reference(func() ([]string, error) { return owners(c) }) }),
			del(set+"/{id}/owners/{ref}/$ref", appsWrite, func(c *call) error { return c.removeObjectOwner(col(c)) }))
	}
	for _, at := range []string{"/directoryObjects/{id}", "/users/{id}", "/groups/{id}", "/servicePrincipals/{id}"} {
		perms := append(append([]string{}, anyObject...), mine...)
		for _, name := range []string{"MemberGroups", "MemberObjects"} {
			out = append(out,
				post(at+"/get"+name, perms, func(c *call) error { return c.memberGroups("") }),
				post(at+"/check"+name, perms, func(c *call) error {
					return c.memberGroups(map[string]string{"MemberGroups": "groupIds", "MemberObjects": "ids"}[name])
				}))
		}
	}
	return out
}

func (c *call) memberIDs() ([]string, error) {
	ids, _, ok := c.t.Members(c.params["id"], 0, 1<<31-1, nil)
	if !ok {
		return nil, dir.NotFound(c.params["id"])
	}
	return ids, nil
}

func (c *call) groupOwners() ([]string, error) {
	if _, ok := c.t.Group(c.params["id"]); !ok {
		return nil, dir.NotFound(c.params["id"])
	}
	return c.t.Owners(c.params["id"]), nil
}

func (c *call) objectOwners(col *dir.Collection) ([]string, error) {
	o, err := c.resolve(col)
	if err != nil {
		return nil, err
	}
	owners, _ := o["_owners"].([]string)
	return owners, nil
}

func (c *call) referenceTo(id string) string {
	return c.base + "/" + c.version + "/directoryObjects/" + id
}

// reference answers one reference of a collection.
func (c *call) reference(list func() ([]string, error)) error {
	ids, err := list()
	if err != nil {
		return err
	}
	id := strings.ToLower(c.params["ref"])
	if !slices.Contains(ids, id) {
		return dir.NotFound(id)
	}
	return c.entity(200, "$ref", dir.Object{"@odata.id": c.referenceTo(id)})
}

func (c *call) listReferences(list func() ([]string, error)) error {
	ids, err := list()
	if err != nil {
		return err
	}
	var out []dir.Object
	for _, id := range ids {
		out = append(out, dir.Object{"@odata.id": c.referenceTo(id)})
	}
	return c.values("Collection($ref)", out)
}

func (c *call) removeObjectOwner(col *dir.Collection) error {
	owners, err := c.objectOwners(col)
	if err != nil {
		return err
	}
	i := slices.Index(owners, strings.ToLower(c.params["ref"]))
	if i < 0 {
		return dir.NotFound(c.params["ref"])
	}
	o, err := c.resolve(col)
	if err != nil {
		return err
	}
	if err := c.owned(o); err != nil {
		return err
	}
	if derr := col.Update(o.ID(), dir.Object{"_owners": slices.Delete(slices.Clone(owners), i, i+1)}); derr != nil {
		return derr
	}
	return c.noContent()
}

// ownedObjects lists the groups, applications and service principals that a principal owns.
func (c *call) ownedObjects() error {
	id := c.params["id"]
	if u, ok := c.t.User(id); ok {
		id = u.ID
	} else if c.t.KindOf(id) == "" {
		return dir.NotFound(id)
	}
	var ids []string
	groups, _ := c.t.Groups(0, 1<<31-1, nil)
	for _, g := range groups {
		if slices.Contains(c.t.Owners(g.ID), id) {
			ids = append(ids, g.ID)
		}
	}
	for _, col := range []*dir.Collection{c.t.Applications, c.t.ServicePrincipals} {
		for _, o := range c.visible(col) {
			if owners, _ := o["_owners"].([]string); slices.Contains(owners, id) {
				ids = append(ids, o.ID())
			}
		}
	}
	return c.wholeList(ids)
}

func (c *call) directReports() error {
	u, ok := c.t.User(c.params["id"])
	if !ok {
		return dir.NotFound(c.params["id"])
	}
	return c.wholeList(c.reportsOf(u.ID))
}

func (c *call) reportsOf(id string) []string {
	list, _ := c.t.Users(0, 1<<31-1, func(x *dir.User) bool { return x.S[dir.ManagerID] == id })
	var ids []string
	for _, x := range list {
		ids = append(ids, x.ID)
	}
	return ids
}

// groupsAbove are the groups of a principal, with the groups of those groups when transitive.
func (c *call) groupsAbove(id string, transitive bool) []string {
	ids := c.t.MemberOf(id)
	for i := 0; transitive && i < len(ids); i++ {
		for _, up := range c.t.MemberOf(ids[i]) {
			if !slices.Contains(ids, up) {
				ids = append(ids, up)
			}
		}
	}
	return ids
}

// deleteDirectoryObject deletes whatever kind of object it is.
func (c *call) deleteDirectoryObject() error {
	switch id := c.params["id"]; c.t.KindOf(id) {
	case "user":
		return c.deleteUser()
	case "group":
		return c.deleteGroup()
	case "servicePrincipal":
		return c.deleteServicePrincipal()
	default:
		if _, ok := c.t.Applications.Get(id); ok {
			return c.deleteApplication()
		}
		return dir.NotFound(id)
	}
}

// memberGroups serves getMemberGroups, getMemberObjects and, with the name of the list to check, their check twins.
func (c *call) memberGroups(check string) error {
	m, err := c.decode()
	if err != nil {
		return err
	}
	id := strings.ToLower(c.params["id"])
	if u, ok := c.t.User(id); ok {
		id = u.ID
	} else if c.t.KindOf(id) == "" {
		return dir.NotFound(id)
	}
	ids := c.groupsAbove(id, true)
	if only, _ := m["securityEnabledOnly"].(bool); only {
		ids = slices.DeleteFunc(ids, func(id string) bool {
			g, ok := c.t.Group(id)
			return !ok || groupObject(g)["securityEnabled"] != true
		})
	}
	if check != "" {
		asked, _ := m[check].([]any)
		if len(asked) > 20 {
			return dir.BadRequest("Too many ids; at most 20 are supported.")
		}
		ids = slices.DeleteFunc(ids, func(id string) bool { return !slices.Contains(asked, any(id)) })
	}
	if ids == nil {
		ids = []string{}
	}
	return c.list("Collection(Edm.String)", ids)
}
