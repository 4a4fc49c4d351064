package dir

import (
	"maps"
	"strings"
	"time"
)

// Object is a record of a small collection, by canonical Graph names. A stored Object is never changed.
type Object map[string]any

// ID is the object's id.
func (o Object) ID() string { s, _ := o["id"].(string); return s }

// Text reads a text property, "" when it is absent or null.
func (o Object) Text(name string) string { s, _ := o[name].(string); return s }

// Merge lays a patch over an object as Graph's PATCH does: nested complex objects merge, lists and nulls replace.
func Merge(base, patch map[string]any) Object {
	out := Object(maps.Clone(base))
	if out == nil {
		out = Object{}
	}
	for k, v := range patch {
		sub, isObject := asMap(v)
		old, had := asMap(out[k])
		if isObject && had {
			out[k] = map[string]any(Merge(old, sub))
		} else {
			out[k] = v
		}
	}
	return out
}

func asMap(v any) (map[string]any, bool) {
	switch m := v.(type) {
	case map[string]any:
		return m, m != nil
	case Object:
		return m, m != nil
	}
	return nil, false
}

type objectCell struct {
	cur, prev Object
	at        int64
}

// Collection holds objects in the order of their creation, with an index by id.
type Collection struct {
	t     *Tenant
	slots []objectCell
	byID  map[string]int
	live  int
}

func newCollection(t *Tenant) *Collection { return &Collection{t: t, byID: map[string]int{}} }

func (c *Collection) newest(id string) (Object, bool) {
	i, ok := c.byID[strings.ToLower(id)]
	if !ok || c.slots[i].cur == nil {
		return nil, false
	}
	return c.slots[i].cur, true
}

func (c *Collection) put(o Object, at int64) {
	if i, ok := c.byID[o.ID()]; ok {
		c.slots[i].prev, c.slots[i].cur, c.slots[i].at = c.slots[i].cur, o, at
		return
	}
	c.byID[o.ID()] = len(c.slots)
	c.slots = append(c.slots, objectCell{cur: o, at: at})
	c.live++
}

func (c *Collection) remove(id string) bool {
	id = strings.ToLower(id)
	i, ok := c.byID[id]
	if !ok {
		return false
	}
	c.slots[i] = objectCell{}
	delete(c.byID, id)
	c.live--
	return true
}

func (c *Collection) all() []Object {
	out := make([]Object, 0, c.live)
	for i := range c.slots {
		if o := c.slots[i].cur; o != nil {
			out = append(out, o)
		}
	}
	return out
}

func (c *Collection) seen(i int) Object {
	cell := &c.slots[i]
	if cell.cur == nil {
		return nil
	}
	if cell.at != 0 && c.t.stale(cell.cur.ID(), cell.at) {
		return cell.prev
	}
	return cell.cur
}

// Get is an object as a replicated reader sees it.
func (c *Collection) Get(id string) (Object, bool) {
	c.t.mu.RLock()
	defer c.t.mu.RUnlock()
	i, ok := c.byID[strings.ToLower(id)]
	if !ok {
		return nil, false
	}
	o := c.seen(i)
	return o, o != nil
}

// Newest is an object without lag.
func (c *Collection) Newest(id string) (Object, bool) {
	c.t.mu.RLock()
	defer c.t.mu.RUnlock()
	return c.newest(id)
}

// List collects what a replicated reader sees and keep accepts, in the order of creation.
func (c *Collection) List(keep func(Object) bool) []Object {
	c.t.mu.RLock()
	defer c.t.mu.RUnlock()
	var out []Object
	for i := range c.slots {
		if o := c.seen(i); o != nil && (keep == nil || keep(o)) {
			out = append(out, o)
		}
	}
	return out
}

// Find is the newest object that match accepts.
func (c *Collection) Find(match func(Object) bool) (Object, bool) {
	c.t.mu.RLock()
	defer c.t.mu.RUnlock()
	for _, o := range c.all() {
		if match(o) {
			return o, true
		}
	}
	return nil, false
}

// Put stores a new or changed object.
func (c *Collection) Put(o Object) {
	c.t.mu.Lock()
	defer c.t.mu.Unlock()
	c.put(o, time.Now().UnixNano())
}

// Seed stores an object as if it had always been there.
func (c *Collection) Seed(o Object) {
	c.t.mu.Lock()
	defer c.t.mu.Unlock()
	c.put(o, 0)
}

// Update merges a patch into an object.
func (c *Collection) Update(id string, patch Object) *Error {
	c.t.mu.Lock()
	defer c.t.mu.Unlock()
	o, ok := c.newest(id)
	if !ok {
		return NotFound(id)
	}
	c.put(Merge(o, patch), time.Now().UnixNano())
	return nil
}

// Remove deletes an object and tells whether it was there.
func (c *Collection) Remove(id string) bool {
	c.t.mu.Lock()
	defer c.t.mu.Unlock()
	return c.remove(id)
}
