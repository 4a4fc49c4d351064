package graphapi

import (
	"slices"
	"strings"

	"entente.dev/entente/internal/entrasim/dir"
	"entente.dev/entente/internal/entrasim/odata"
)

// userFields resolves $select on users; the default set is the documented one.
func (c *call) userFields() ([]*dir.UserField, error) {
	c.used |= optSelect
	if len(c.q.Select) == 0 || slices.Contains(c.q.Select, "*") {
		return dir.DefaultUserFields, nil
	}
	var out []*dir.UserField
	for _, n := range c.q.Select {
		f, ok := dir.LookupUserField(n)
		if !ok {
			if isUserNavigation(n) || strings.HasPrefix(n, "extension_") {
				continue
			}
			return nil, noProperty(n, "user")
		}
		if f.Kind != 'x' && !slices.Contains(out, f) {
			out = append(out, f)
		}
	}
	return out, nil
}

func isUserNavigation(n string) bool {
	return slices.ContainsFunc([]string{"manager", "sponsors", "memberOf", "directReports"}, func(s string) bool { return strings.EqualFold(s, n) })
}

// encodeUsers appends users as a JSON list; kind adds @odata.type for collections of directory objects.
func (c *call) encodeUsers(buf []byte, users []*dir.User, fields []*dir.UserField, typed bool) []byte {
	for i, u := range users {
		if i > 0 {
			buf = append(buf, ',')
		}
		buf = append(buf, '{')
		if typed && !c.plain() {
			buf = append(buf, `"@odata.type":"#microsoft.graph.user",`...)
		}
		buf = dir.AppendUser(buf, u, fields)
		buf = append(buf, '}')
	}
	return buf
}

func (c *call) listUsers() error {
	fields, err := c.userFields()
	if err != nil {
		return err
	}
	size, err := c.pageSize()
	if err != nil {
		return err
	}
	keep, err := c.userFilter()
	if err != nil {
		return err
	}
	from, err := c.cursor()
	if err != nil {
		return err
	}
	expand, err := c.userExpansion()
	if err != nil {
		return err
	}
	page, next, count, err := c.pageUsers(from, size, keep)
	if err != nil {
		return err
	}
	var buf []byte
	if expand != "" {
		for i, u := range page {
			if i > 0 {
				buf = append(buf, ',')
			}
			buf = c.withExpansion(buf, u, fields, expand)
		}
	} else {
		buf = c.encodeUsers(make([]byte, 0, len(page)*(200+40*len(fields))), page, fields, false)
	}
	link := ""
	if next > 0 {
		link = c.nextLink(next)
	}
	return c.page(contextSelect("users", c.q.Select), buf, link, count)
}

func (c *call) pageUsers(from, size int, keep func(*dir.User) bool) (page []*dir.User, next, count int, err error) {
	resolve := func(path string) (odata.Getter[*dir.User], bool) {
		f, ok := dir.LookupUserField(path)
		if !ok {
			return nil, false
		}
		return f.Get, true
	}
	less, err := order(c, resolve)
	if err != nil {
		return nil, 0, 0, err
	}
	count = -1
	wantCount := c.q.Count && c.eventual()
	if less == nil {
		page, next = c.t.Users(from, size, keep)
		if wantCount {
			if keep == nil {
				count = c.t.CountUsers()
			} else {
				all, _ := c.t.Users(0, 1<<31-1, keep)
				count = len(all)
			}
		}
		return page, next, count, nil
	}
	page, next, matched := c.t.OrderedUsers(from, size, keep, less)
	if wantCount {
		count = matched
	}
	return page, next, count, nil
}

// userExpansion is the navigation property that $expand names, with its canonical spelling.
func (c *call) userExpansion() (string, error) {
	if c.q.Expand == "" {
		return "", nil
	}
	c.used |= optExpand
	name, _, _ := strings.Cut(c.q.Expand, "(")
	for _, known := range []string{"manager", "memberOf", "transitiveMemberOf", "directReports"} {
		if strings.EqualFold(strings.TrimSpace(name), known) {
			return known, nil
		}
	}
	c.unknown = true
	return "", noProperty(name, "user")
}

func (c *call) withExpansion(buf []byte, u *dir.User, fields []*dir.UserField, expand string) []byte {
	buf = append(buf, '{')
	buf = dir.AppendUser(buf, u, fields)
	if expand == "manager" {
		if m, ok := c.t.User(u.S[dir.ManagerID]); ok && u.S[dir.ManagerID] != "" {
			buf = append(buf, `,"manager":`...)
			buf = c.encodeUsers(buf, []*dir.User{m}, dir.DefaultUserFields, true)
		}
		return append(buf, '}')
	}
	var ids []string
	switch expand {
	case "directReports":
		ids = c.reportsOf(u.ID)
	default:
		ids = c.groupsAbove(u.ID, expand == "transitiveMemberOf")
	}
	selected := c.q.Select
	c.q.Select = nil
	buf = append(buf, `,"`+expand+`":[`...)
	for i, id := range ids[:min(len(ids), maxExpanded)] {
		if i > 0 {
			buf = append(buf, ',')
		}
		buf = append(buf, c.principal(id, dir.DefaultUserFields)...)
	}
	c.q.Select = selected
	return append(buf, ']', '}')
}

func (c *call) countUsers() error {
	if !c.eventual() {
		return dir.BadRequest("$count is not currently supported.")
	}
	keep, err := c.userFilter()
	if err != nil {
		return err
	}
	n := c.t.CountUsers()
	if keep != nil {
		all, _ := c.t.Users(0, 1<<31-1, keep)
		n = len(all)
	}
	return c.plainNumber(n)
}

func (c *call) getUser() error {
	u, ok := c.t.User(c.params["id"])
	if !ok {
		return dir.NotFound(c.params["id"])
	}
	return c.oneUser(200, u)
}

func (c *call) oneUser(status int, u *dir.User) error {
	fields, err := c.userFields()
	if err != nil {
		return err
	}
	expand, err := c.userExpansion()
	if err != nil {
		return err
	}
	buf := []byte{'{'}
	if !c.plain() {
		buf = append(buf, `"@odata.context":`...)
		buf = dir.AppendString(buf, c.context(contextSelect("users", c.q.Select)+"/$entity"))
		buf = append(buf, ',')
	}
	if expand != "" {
		buf = append(buf, c.withExpansion(nil, u, fields, expand)[1:]...)
	} else {
		buf = append(dir.AppendUser(buf, u, fields), '}')
	}
	c.out.status, c.out.body = status, buf
	return nil
}

func (c *call) createUser() error {
	props, _, err := c.properties("user")
	if err != nil {
		return err
	}
	for _, need := range []string{"accountEnabled", "displayName", "mailNickname", "userPrincipalName", "passwordProfile"} {
		if props[need] == nil {
			return dir.BadRequest("A value is required for property '%s' of resource 'User'.", need)
		}
	}
	upn, _ := props["userPrincipalName"].(string)
	alias, domain, ok := strings.Cut(upn, "@")
	if !ok || alias == "" || !c.t.Verified(domain) {
		return dir.BadRequest("The domain portion of the userPrincipalName property is invalid. You must use one of the verified domain names in your organization.")
	}
	u := &dir.User{AccountEnabled: true}
	u.S[dir.UserType] = "Member"
	if err := u.Apply(props, false); err != nil {
		return err
	}
	made, derr := c.t.CreateUser(u, c.actor())
	if derr != nil {
		return derr
	}
	return c.oneUser(201, made)
}

func (c *call) patchUser() error {
	props, bindings, err := c.properties("user")
	if err != nil {
		return err
	}
	if err := c.bindManager(bindings); err != nil {
		return err
	}
	if derr := c.t.UpdateUser(c.params["id"], c.actor(), func(u *dir.User) *dir.Error {
		if u.OnPremisesSync && len(props) > 0 {
			return dir.BadRequest("Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing migration.")
		}
		if id, _ := props["id"].(string); strings.EqualFold(id, u.ID) {
			delete(props, "id") // clients send the whole object back
		}
		return u.Apply(props, false)
	}); derr != nil {
		return derr
	}
	return c.noContent()
}

func (c *call) bindManager(bindings map[string]any) error {
	for k, v := range bindings {
		if strings.EqualFold(k, "manager@odata.bind") {
			return c.setManager(lastSegment(v))
		}
	}
	return nil
}

func (c *call) setManager(id string) error {
	m, ok := c.t.User(id)
	if !ok {
		return dir.NotFound(id)
	}
	if err := c.t.UpdateUser(c.params["id"], c.actor(), func(u *dir.User) *dir.Error { u.S[dir.ManagerID] = m.ID; return nil }); err != nil {
		return err
	}
	return nil
}

func (c *call) deleteUser() error {
	if err := c.t.DeleteUser(c.params["id"], c.actor()); err != nil {
		return err
	}
	return c.noContent()
}

func (c *call) getManager() error {
	u, ok := c.t.User(c.params["id"])
	if !ok {
		return dir.NotFound(c.params["id"])
	}
	m, ok := c.t.User(u.S[dir.ManagerID])
	if u.S[dir.ManagerID] == "" || !ok {
		return &dir.Error{Status: 404, Code: "Request_ResourceNotFound", Message: "Resource 'manager' does not exist or one of its queried reference-property objects are not present."}
	}
	fields, err := c.userFields()
	if err != nil {
		return err
	}
	buf := []byte{'{'}
	if !c.plain() {
		buf = append(buf, `"@odata.context":`...)
		buf = dir.AppendString(buf, c.context("directoryObjects/$entity"))
		buf = append(buf, `,"@odata.type":"#microsoft.graph.user",`...)
	}
	c.out.status, c.out.body = 200, append(dir.AppendUser(buf, m, fields), '}')
	return nil
}

func (c *call) putManager() error {
	m, err := c.decode()
	if err != nil {
		return err
	}
	if err := c.setManager(lastSegment(m["@odata.id"])); err != nil {
		return err
	}
	return c.noContent()
}

func (c *call) deleteManager() error {
	if err := c.t.UpdateUser(c.params["id"], c.actor(), func(u *dir.User) *dir.Error {
		if u.S[dir.ManagerID] == "" {
			return dir.NotFound("manager")
		}
		u.S[dir.ManagerID] = ""
		return nil
	}); err != nil {
		return err
	}
	return c.noContent()
}

func (c *call) plainNumber(n int) error {
	c.out.header.Set("Content-Type", "text/plain")
	c.out.status = 200
	c.out.body = []byte(itoa(n))
	return nil
}
