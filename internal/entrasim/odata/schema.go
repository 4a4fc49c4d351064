package odata

import "strings"

// Property is one structural property of a type.
type Property struct {
	Name       string // canonical spelling
	Kind       byte   // s, b, t, i, o or x
	Collection bool
}

// Type is one entity type.
type Type struct {
	Name       string
	Properties []Property
	index      map[string]int // lower-cased name
}

// Lookup finds a property without regard to case; clients write $select=Id and "mailNickName".
func (t *Type) Lookup(name string) (Property, bool) {
	i, ok := t.index[strings.ToLower(name)]
	if !ok {
		return Property{}, false
	}
	return t.Properties[i], true
}

// TypeOf returns a served type, or nil.
func TypeOf(name string) *Type { return schema[name] }

var schema = parseTypes(types)

func parseTypes(text string) map[string]*Type {
	out := map[string]*Type{}
	var t *Type
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "# "); ok {
			t = &Type{Name: name, index: map[string]int{}}
			out[name] = t
			continue
		}
		for _, word := range strings.Fields(line) {
			name, kind, _ := strings.Cut(word, ":")
			p := Property{Name: name, Collection: strings.HasPrefix(kind, "*")}
			p.Kind = kind[len(kind)-1]
			t.index[strings.ToLower(name)] = len(t.Properties)
			t.Properties = append(t.Properties, p)
		}
	}
	return out
}
