package graphapi

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"entente.dev/entente/internal/entrasim/dir"
	"entente.dev/entente/internal/entrasim/odata"
)

func itoa(n int) string { return strconv.Itoa(n) }

// groupDefaults is what a group shows without $select.
var groupDefaults = []string{"id", "deletedDateTime", "classification", "createdDateTime", "description", "displayName",
	"expirationDateTime", "groupTypes", "isAssignableToRole", "mail", "mailEnabled", "mailNickname", "membershipRule",
	"membershipRuleProcessingState", "onPremisesDomainName", "onPremisesLastSyncDateTime", "onPremisesNetBiosName",
	"onPremisesSamAccountName", "onPremisesSecurityIdentifier", "onPremisesSyncEnabled", "preferredDataLocation",
	"preferredLanguage", "proxyAddresses", "renewedDateTime", "resourceBehaviorOptions", "resourceProvisioningOptions",
	"securityEnabled", "securityIdentifier", "theme", "uniqueName", "visibility", "onPremisesProvisioningErrors", "serviceProvisioningErrors"}

const maxBind = 20 // references in one request (group-post-members, group-update)

func groupObject(g *dir.Group) dir.Object {
	o := maps.Clone(g.Props)
	o["id"] = g.ID
	if g.Deleted != 0 {
		o["deletedDateTime"] = time.Unix(g.Deleted, 0).UTC()
	}
	return o
}

// groupExpansions are members, owners and memberOf.
func (c *call) groupExpansions() expansions {
	return expansions{"members": func(id string) []string {
		ids, _, _ := c.t.Members(id, 0, maxExpanded, nil)
		return ids
	}, "owners": c.t.Owners, "memberOf": c.t.MemberOf}
}

func (c *call) listGroups() error {
	c.expandable = c.groupExpansions()
	all, _ := c.t.Groups(0, 1<<31-1, nil)
	objs := make([]dir.Object, len(all))
	for i, g := range all {
		objs[i] = groupObject(g)
	}
	return c.objects("groups", "group", objs, groupDefaults, maxPage)
}

func (c *call) getGroup() error {
	c.expandable = c.groupExpansions()
	g, ok := c.t.Group(c.params["id"])
	if !ok {
		return dir.NotFound(c.params["id"])
	}
	return c.one(200, "groups", "group", groupObject(g), groupDefaults)
}

// one answers with a projected object.
func (c *call) one(status int, context, typeName string, o dir.Object, defaults []string) error {
	fields, err := selection(c, typeName, defaults)
	if err != nil {
		return err
	}
	shown := project(o, fields)
	if err := c.expandInto(typeName, o, shown); err != nil {
		return err
	}
	return c.entity(status, contextSelect(context, c.q.Select)+"/$entity", shown)
}

// boundMembers reads members@odata.bind and owners@odata.bind.
func boundMembers(bindings map[string]any) (members, owners []string, err error) {
	for k, v := range bindings {
		switch strings.ToLower(k) {
		case "members@odata.bind":
			members = references(v)
		case "owners@odata.bind":
			owners = references(v)
		}
	}
	if len(members)+len(owners) > maxBind {
		return nil, nil, dir.BadRequest("The number of references in the request exceeds the limit of %d.", maxBind)
	}
	return members, owners, nil
}

func (c *call) createGroup() error {
	props, bindings, err := c.properties("group")
	if err != nil {
		return err
	}
	for _, need := range []string{"displayName", "mailEnabled", "mailNickname", "securityEnabled"} {
		if props[need] == nil {
			return dir.BadRequest("A value is required for property '%s' of resource 'Group'.", need)
		}
	}
	if err := checkTypes("group", props); err != nil {
		return err
	}
	members, owners, err := boundMembers(bindings)
	if err != nil {
		return err
	}
	maps.DeleteFunc(props, func(_ string, v any) bool { return v == nil })
	delete(props, "id")
	props["createdDateTime"], props["renewedDateTime"] = c.t.Now(), c.t.Now()
	g, derr := c.t.CreateGroup(props, members, owners, c.actor())
	if derr != nil {
		return derr
	}
	return c.one(201, "groups", "group", groupObject(g), groupDefaults)
}

// checkTypes refuses values of another JSON type than the schema's.
func checkTypes(typeName string, props map[string]any) error {
	typ := odata.TypeOf(typeName)
	for k, v := range props {
		p, ok := typ.Lookup(k)
		if !ok || v == nil {
			continue
		}
		_, text := v.(string)
		_, boolean := v.(bool)
		_, list := v.([]any)
		if p.Collection != list || !list && (p.Kind == 's' && !text || p.Kind == 'b' && !boolean) {
			return dir.BadRequest("Invalid value specified for property '%s' of resource '%s'.", p.Name, typeName)
		}
	}
	return nil
}

func (c *call) patchGroup() error {
	props, bindings, err := c.properties("group")
	if err != nil {
		return err
	}
	if err := checkTypes("group", props); err != nil {
		return err
	}
	members, owners, err := boundMembers(bindings)
	if err != nil {
		return err
	}
	if len(props) > 0 && !c.has("Group.ReadWrite.All", "Directory.ReadWrite.All") {
		return &dir.Error{Status: 403, Code: "Authorization_RequestDenied", Message: "Insufficient privileges to complete the operation."}
	}
	if len(members) > 0 {
		if derr := c.t.AddMembers(c.params["id"], members, c.actor()); derr != nil {
			return derr
		}
	}
	if len(owners) > 0 {
		c.t.SetOwners(c.params["id"], slices.Compact(slices.Sorted(slices.Values(append(c.t.Owners(c.params["id"]), owners...)))))
	}
	if len(props) > 0 || len(members)+len(owners) == 0 {
		if derr := c.t.UpdateGroup(c.params["id"], props, c.actor()); derr != nil {
			return derr
		}
	}
	return c.noContent()
}

func (c *call) deleteGroup() error {
	if err := c.t.DeleteGroup(c.params["id"], c.actor()); err != nil {
		return err
	}
	return c.noContent()
}

// directoryObjects answers with principals of any kind.
func (c *call) directoryObjects(ids []string, next, count int) error {
	fields, err := c.userFields()
	if err != nil {
		return err
	}
	var buf []byte
	for _, id := range ids {
		item := c.principal(id, fields)
		if item == nil {
			continue
		}
		if len(buf) > 0 {
			buf = append(buf, ',')
		}
		buf = append(buf, item...)
	}
	link := ""
	if next > 0 {
		link = c.nextLink(next)
	}
	return c.page(contextSelect("directoryObjects", c.q.Select), buf, link, count)
}

// principal encodes one user, group or service principal with its @odata.type.
func (c *call) principal(id string, fields []*dir.UserField) []byte {
	if u, ok := c.t.User(id); ok {
		return c.encodeUsers(nil, []*dir.User{u}, fields, true)
	}
	var o dir.Object
	kind := ""
	if g, ok := c.t.Group(id); ok {
		o, kind = groupObject(g), "group"
	} else if sp, ok := c.t.ServicePrincipals.Get(id); ok {
		o, kind = sp, "servicePrincipal"
	} else if x, ok := c.t.Contacts.Get(id); ok {
		o, kind = x, "orgContact"
	} else if x, ok := c.t.Applications.Get(id); ok {
		o, kind = x, "application"
	} else {
		return nil
	}
	names := c.q.Select
	if len(names) == 0 {
		names = map[string][]string{"group": groupDefaults, "servicePrincipal": spDefaults}[kind]
	}
	typ := odata.TypeOf(kind)
	fieldsOf := typ.Properties
	if names != nil {
		fieldsOf = nil
		for _, n := range names {
			if p, ok := typ.Lookup(n); ok {
				fieldsOf = append(fieldsOf, p)
			}
		}
	}
	o = project(o, fieldsOf)
	if !c.plain() {
		o["@odata.type"] = "#microsoft.graph." + kind
	}
	return marshal(o)
}
