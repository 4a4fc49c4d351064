package csdl

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// checker collects what is wrong with one answer.
type checker struct {
	m      *Model
	extras []Extra
	beta   bool
	faults []string
}

func (c *checker) fault(at, format string, args ...any) {
	c.faults = append(c.faults, at+": "+fmt.Sprintf(format, args...))
}

func (c *checker) value(at string, v any, t Ref, nullable bool) {
	if t.Collection {
		list, ok := v.([]any)
		if !ok {
			c.fault(at, "%s is %s, not a list", t, show(v))
			return
		}
		for i, item := range list {
			c.value(fmt.Sprintf("%s[%d]", at, i), item, Ref{Name: t.Name}, nullable)
		}
		return
	}
	if v == nil {
		if !nullable {
			c.fault(at, "null, but %s is not nullable here", t)
		}
		return
	}
	if e := c.m.enums[t.Name]; e != nil {
		c.enum(at, v, t.Name, e)
		return
	}
	if t.Name == Reference {
		c.reference(at, v)
		return
	}
	if c.m.types[t.Name] != nil {
		o, ok := v.(map[string]any)
		if !ok {
			c.fault(at, "%s is %s, not an object", t, show(v))
			return
		}
		c.object(at, o, t.Name)
		return
	}
	if !strings.HasPrefix(t.Name, "Edm.") {
		c.fault(at, "the schema has no type %s", t)
		return
	}
	if !primitive(t.Name, v) {
		c.fault(at, "%s is no %s", show(v), t.Name)
	}
}

func (c *checker) reference(at string, v any) {
	o, _ := v.(map[string]any)
	for key := range o {
		if !strings.HasPrefix(key, "@odata.") {
			c.fault(at, "%q in a reference", key)
		}
	}
	if id, _ := o["@odata.id"].(string); !strings.HasPrefix(id, "https://") {
		c.fault(at, "%s is no reference", show(v))
	}
}

func (c *checker) enum(at string, v any, name string, e *Enum) {
	s, ok := v.(string)
	if !ok {
		c.fault(at, "%s is no member of %s", show(v), name)
		return
	}
	members := []string{s}
	if e.Flags {
		members = strings.Split(s, ",")
	}
	for _, one := range members {
		if !e.Members[strings.TrimSpace(one)] {
			c.fault(at, "%q is no member of %s", one, name)
		}
	}
}

// object checks the members of an entity or complex value; @odata.type may name a descendant of the declared type.
func (c *checker) object(at string, o map[string]any, declared string) {
	if named, ok := o["@odata.type"].(string); ok {
		named = strings.TrimPrefix(named, "#")
		if !c.m.derives(named, declared) {
			c.fault(at, "@odata.type %s is no %s", named, declared)
			return
		}
		declared = named
	}
	for _, key := range slices.Sorted(maps.Keys(o)) {
		if strings.HasPrefix(key, "@") {
			c.control(at, key, o[key])
			continue
		}
		name, annotation, annotated := strings.Cut(key, "@")
		p, known := c.m.property(declared, name)
		switch {
		case !known && (c.m.Open(declared) || allowed(c.extras, declared, name, c.beta, c.m)):
		case !known:
			c.fault(at, "%s has no property %q", declared, name)
		case p.Name != name:
			c.fault(at, "%s.%s is spelled %q", declared, p.Name, name)
		case annotated && annotation == "delta":
			c.value(at+"."+key, o[key], p.Type, true)
		case annotated:
		default:
			c.value(at+"."+name, o[key], p.Type, p.Nullable)
		}
	}
}

// control checks the annotations of an object itself.
func (c *checker) control(at, key string, v any) {
	switch key {
	case "@odata.context", "@odata.type", "@odata.id", "@odata.etag", "@odata.nextLink", "@odata.deltaLink", "@odata.editLink":
		if s, ok := v.(string); !ok || s == "" {
			c.fault(at, "%s is %s", key, show(v))
		}
	case "@odata.count":
		if !primitive("Edm.Int64", v) {
			c.fault(at, "@odata.count is %s", show(v))
		}
	case "@removed":
		o, _ := v.(map[string]any)
		if reason := o["reason"]; reason != "changed" && reason != "deleted" || len(o) != 1 {
			c.fault(at, "@removed is %s", show(v))
		}
	default:
		c.fault(at, "unknown annotation %s", key)
	}
}

func show(v any) string {
	s := fmt.Sprintf("%#v", v)
	if text, ok := v.(string); ok {
		s = fmt.Sprintf("%q", text)
	}
	if len(s) > 120 {
		s = s[:120] + "…"
	}
	return s
}
