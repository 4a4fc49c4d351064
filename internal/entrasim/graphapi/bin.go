package graphapi

import (
	"slices"
	"strings"
	"time"

	"entente.dev/entente/internal/entrasim/dir"
	"entente.dev/entente/internal/entrasim/odata"
)

// listDeleted serves /directory/deletedItems/microsoft.graph.{kind}; the cast is mandatory.
func (c *call) listDeleted(kind string) error {
	switch kind {
	case "user":
		return c.listDeletedUsers()
	case "group":
		all := c.t.DeletedGroups()
		objs := make([]dir.Object, len(all))
		for i, g := range all {
			objs[i] = groupObject(g)
		}
		return c.objects("groups", "group", objs, groupDefaults, maxPage)
	}
	return c.objects("directoryObjects", kind, c.t.Bin.List(func(o dir.Object) bool { return o["_kind"] == kind }), nil, maxPage)
}

func (c *call) listDeletedUsers() error {
	fields, err := c.userFields()
	if err != nil {
		return err
	}
	if len(c.q.Select) == 0 {
		if f, ok := dir.LookupUserField("deletedDateTime"); ok {
			fields = append(slices.Clone(fields), f)
		}
	}
	keep, err := c.userFilter()
	if err != nil {
		return err
	}
	size, err := c.pageSize()
	if err != nil {
		return err
	}
	from, err := c.cursor()
	if err != nil {
		return err
	}
	all := c.t.DeletedUsers()
	if keep != nil {
		all = slices.DeleteFunc(all, func(u *dir.User) bool { return !keep(u) })
	}
	less, err := order(c, func(path string) (odata.Getter[*dir.User], bool) {
		f, ok := dir.LookupUserField(path)
		if !ok {
			return nil, false
		}
		return f.Get, true
	})
	if err != nil {
		return err
	}
	if less != nil {
		slices.SortStableFunc(all, less)
	}
	count := -1
	if c.q.Count && c.eventual() {
		count = len(all)
	}
	from = min(from, len(all))
	upTo := min(from+size, len(all))
	link := ""
	if upTo < len(all) {
		link = c.nextLink(upTo)
	}
	return c.page(contextSelect("users", c.q.Select), c.encodeUsers(nil, all[from:upTo], fields, false), link, count)
}

func (c *call) getDeleted() error {
	id := c.params["id"]
	if u, ok := c.t.DeletedUser(id); ok {
		fields, err := c.userFields()
		if err != nil {
			return err
		}
		if len(c.q.Select) == 0 {
			f, _ := dir.LookupUserField("deletedDateTime")
			fields = append(slices.Clone(fields), f)
		}
		buf := []byte{'{'}
		if !c.plain() {
			buf = append(buf, `"@odata.context":`...)
			buf = dir.AppendString(buf, c.context("directoryObjects/$entity"))
			buf = append(buf, `,"@odata.type":"#microsoft.graph.user",`...)
		}
		c.out.status, c.out.body = 200, append(dir.AppendUser(buf, u, fields), '}')
		return nil
	}
	if g, ok := c.t.DeletedGroup(id); ok {
		return c.typed(200, "group", groupObject(g))
	}
	if o, ok := c.t.Bin.Get(id); ok {
		return c.typed(200, o.Text("_kind"), o)
	}
	return dir.NotFound(id)
}

// typed answers with a directory object and its @odata.type.
func (c *call) typed(status int, kind string, o dir.Object) error {
	o = project(o, odata.TypeOf(kind).Properties)
	if !c.plain() {
		o["@odata.type"] = "#microsoft.graph." + kind
	}
	return c.entity(status, "directoryObjects/$entity", o)
}

func (c *call) restoreDeleted() error {
	id := c.params["id"]
	if _, ok := c.t.DeletedUser(id); ok {
		u, err := c.t.RestoreUser(id, c.actor())
		if err != nil {
			return err
		}
		buf := []byte{'{'}
		if !c.plain() {
			buf = append(buf, `"@odata.context":`...)
			buf = dir.AppendString(buf, c.context("directoryObjects/$entity"))
			buf = append(buf, `,"@odata.type":"#microsoft.graph.user",`...)
		}
		c.out.status, c.out.body = 200, append(dir.AppendUser(buf, u, dir.DefaultUserFields), '}')
		return nil
	}
	if g, ok := c.t.RestoreGroup(id); ok {
		return c.typed(200, "group", groupObject(g))
	}
	o, ok := c.t.Bin.Get(id)
	if !ok {
		return dir.NotFound(id)
	}
	c.t.Bin.Remove(id)
	back := dir.Merge(o, dir.Object{"deletedDateTime": nil})
	kind := o.Text("_kind")
	delete(back, "_kind")
	if kind == "application" {
		c.t.Applications.Put(back)
	} else {
		c.t.ServicePrincipals.Put(back)
	}
	return c.typed(200, kind, back)
}

func (c *call) purgeDeleted() error {
	id := c.params["id"]
	if _, ok := c.t.DeletedUser(id); ok {
		if err := c.t.PurgeUser(id, c.actor()); err != nil {
			return err
		}
		return c.noContent()
	}
	if c.t.PurgeGroup(id) || c.t.Bin.Remove(id) {
		return c.noContent()
	}
	return dir.NotFound(id)
}

// bury moves an application or service principal to the recycle bin.
func (c *call) bury(kind string, o dir.Object) {
	c.t.Bin.Put(dir.Merge(o, dir.Object{"_kind": kind, "deletedDateTime": c.s.Now().Truncate(time.Second)}))
}

func isGUID(s string) bool { return len(s) == 36 && guid.MatchString(strings.ToLower(s)) }
