package csdl

import (
	"compress/gzip"
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Variable names the environment variable with the path of the schema.
const Variable = "ENTENTE_CSDL"

// DefaultPath is where the schema lies when Variable is not set, relative to the root of the repository.
const DefaultPath = "internal/entrasim/conformance/csdl/testdata/v1.0-Prod.csdl.gz"

// Load reads the schema from where Variable says, or else from DefaultPath below root.
func Load(root string) (*Model, error) {
	path := os.Getenv(Variable)
	if path == "" {
		path = filepath.Join(root, filepath.FromSlash(DefaultPath))
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("no schema to hold answers against; %s names Microsoft's v1.0 CSDL document (gzip or plain): %w", Variable, err)
	}
	defer func() { _ = f.Close() }()
	var r io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	m, err := Parse(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

type document struct {
	Schemas []schema `xml:"DataServices>Schema"`
}

type schema struct {
	Namespace string       `xml:",attr"`
	Alias     string       `xml:",attr"`
	Enums     []xmlEnum    `xml:"EnumType"`
	Entities  []xmlType    `xml:"EntityType"`
	Complex   []xmlType    `xml:"ComplexType"`
	Actions   []xmlOp      `xml:"Action"`
	Functions []xmlOp      `xml:"Function"`
	Container xmlContainer `xml:"EntityContainer"`
}

type xmlEnum struct {
	Name    string `xml:",attr"`
	IsFlags bool   `xml:",attr"`
	Members []struct {
		Name string `xml:",attr"`
	} `xml:"Member"`
}

type xmlType struct {
	Name       string        `xml:",attr"`
	BaseType   string        `xml:",attr"`
	OpenType   bool          `xml:",attr"`
	Properties []xmlProperty `xml:"Property"`
	Navigation []xmlProperty `xml:"NavigationProperty"`
}

type xmlProperty struct {
	Name     string `xml:",attr"`
	Type     string `xml:",attr"`
	Nullable string `xml:",attr"`
}

type xmlOp struct {
	Name       string        `xml:",attr"`
	IsBound    bool          `xml:",attr"`
	Parameters []xmlProperty `xml:"Parameter"`
	Return     *xmlProperty  `xml:"ReturnType"`
}

type xmlContainer struct {
	Sets []struct {
		Name       string `xml:",attr"`
		EntityType string `xml:",attr"`
	} `xml:"EntitySet"`
	Singletons []struct {
		Name string `xml:",attr"`
		Type string `xml:",attr"`
	} `xml:"Singleton"`
}

// Parse reads a CSDL document.
func Parse(r io.Reader) (*Model, error) {
	var d document
	if err := xml.NewDecoder(r).Decode(&d); err != nil {
		return nil, err
	}
	m := &Model{types: map[string]*Type{}, enums: map[string]*Enum{}, roots: map[string]Ref{}}
	aliases := map[string]string{}
	for _, s := range d.Schemas {
		if s.Alias != "" && s.Alias != "self" {
			aliases[s.Alias] = s.Namespace
		}
	}
	for _, s := range d.Schemas {
		m.add(s, aliases)
	}
	if len(m.types) == 0 || len(m.roots) == 0 {
		return nil, fmt.Errorf("the document has no types or no entity container")
	}
	return m, nil
}

func (m *Model) add(s schema, aliases map[string]string) {
	full := func(name string) string {
		prefix, last := "", name
		if i := strings.LastIndexByte(name, '.'); i >= 0 {
			prefix, last = name[:i], name[i+1:]
		}
		if prefix == "self" {
			prefix = s.Namespace
		} else if ns, ok := aliases[prefix]; ok {
			prefix = ns
		}
		return prefix + "." + last
	}
	ref := func(text string) Ref {
		if inner, ok := strings.CutPrefix(text, "Collection("); ok {
			return Ref{full(strings.TrimSuffix(inner, ")")), true}
		}
		return Ref{Name: full(text)}
	}
	for _, e := range s.Enums {
		x := &Enum{Flags: e.IsFlags, Members: map[string]bool{}}
		for _, member := range e.Members {
			x.Members[member.Name] = true
		}
		m.enums[s.Namespace+"."+e.Name] = x
	}
	for _, e := range append(s.Entities, s.Complex...) {
		t := &Type{Name: s.Namespace + "." + e.Name, Open: e.OpenType, properties: map[string]*Property{}}
		if e.BaseType != "" {
			t.Base = full(e.BaseType)
		}
		for _, p := range e.Properties {
			t.properties[strings.ToLower(p.Name)] = &Property{Name: p.Name, Type: ref(p.Type), Nullable: p.Nullable != "false"}
		}
		for _, p := range e.Navigation {
			t.properties[strings.ToLower(p.Name)] = &Property{Name: p.Name, Type: ref(p.Type), Nullable: true, Navigation: true}
		}
		m.types[t.Name] = t
	}
	for i, list := range [][]xmlOp{s.Actions, s.Functions} {
		for _, o := range list {
			op := operation{name: strings.ToLower(o.Name), action: i == 0}
			if o.IsBound && len(o.Parameters) > 0 {
				op.binding = ref(o.Parameters[0].Type)
			}
			if o.Return != nil {
				op.returns = ref(o.Return.Type)
			}
			m.ops = append(m.ops, op)
		}
	}
	for _, set := range s.Container.Sets {
		m.roots[strings.ToLower(set.Name)] = Ref{full(set.EntityType), true}
	}
	for _, one := range s.Container.Singletons {
		m.roots[strings.ToLower(one.Name)] = Ref{Name: full(one.Type)}
	}
}
