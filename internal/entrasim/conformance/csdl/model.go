package csdl

import "strings"

// Model is a schema.
type Model struct {
	types map[string]*Type
	enums map[string]*Enum
	roots map[string]Ref // entity sets and singletons, by lower-cased name
	ops   []operation
}

// Type is an entity or complex type. Names are full: microsoft.graph.user.
type Type struct {
	Name, Base string
	Open       bool
	properties map[string]*Property // lower-cased name
}

// Property is a structural or navigation property.
type Property struct {
	Name       string
	Type       Ref
	Nullable   bool
	Navigation bool
}

// Enum is an enumeration.
type Enum struct {
	Flags   bool
	Members map[string]bool
}

// Ref is a reference to a type, or to a collection of it.
type Ref struct {
	Name       string
	Collection bool
}

func (r Ref) String() string {
	if r.Collection {
		return "Collection(" + r.Name + ")"
	}
	return r.Name
}

type operation struct {
	name    string // lower-cased, without namespace
	binding Ref
	returns Ref // Name is empty when nothing is returned
	action  bool
}

// Type is a type by its full name.
func (m *Model) Type(name string) (*Type, bool) {
	t, ok := m.types[name]
	return t, ok
}

// Len counts types and enumerations.
func (m *Model) Len() (types, enums int) { return len(m.types), len(m.enums) }

// property finds a property of a type or of its ancestors.
func (m *Model) property(typeName, name string) (*Property, bool) {
	for t := m.types[typeName]; t != nil; t = m.types[t.Base] {
		if p, ok := t.properties[strings.ToLower(name)]; ok {
			return p, true
		}
	}
	return nil, false
}

// Open tells whether values of a type may have properties that the schema does not name.
func (m *Model) Open(typeName string) bool {
	for t := m.types[typeName]; t != nil; t = m.types[t.Base] {
		if t.Open {
			return true
		}
	}
	return false
}

// derives tells whether a type is another one or descends from it.
func (m *Model) derives(typeName, from string) bool {
	for typeName != "" {
		if typeName == from {
			return true
		}
		t := m.types[typeName]
		if t == nil {
			return false
		}
		typeName = t.Base
	}
	return false
}

// operation finds an action or function bound to a type, or to an ancestor of it.
func (m *Model) operation(on Ref, name string) (operation, bool) {
	name = strings.ToLower(strings.TrimPrefix(name, "microsoft.graph."))
	for at := on.Name; at != ""; {
		for _, o := range m.ops {
			if o.name == name && o.binding == (Ref{at, on.Collection}) {
				return o, true
			}
		}
		t := m.types[at]
		if t == nil {
			break
		}
		at = t.Base
	}
	return operation{}, false
}
