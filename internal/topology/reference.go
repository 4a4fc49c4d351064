package topology

import (
	"fmt"
	"strings"
)

//go:generate go test -count=1 -run TestReferenceIsCurrent -update

// Reference is docs/reference/topology.md, made from the table that Parse reads.
func Reference() string {
	var b strings.Builder
	b.WriteString(`# Topology

<!-- generated from internal/topology/fields.go by make gen; do not edit -->

Every key of a topology file. How a topology is written: [topology.md](../topology.md). For editors there is a JSON Schema beside
this page, [topology.schema.json](topology.schema.json).

A duration is written as ` + "`90d`, `1d12h`, `40m` or `30s`" + `. A key that is not listed here is an error, with the nearest one named.
`)
	for _, t := range tables(documentTable, nil) {
		writeTable(&b, t)
	}
	b.WriteString("\n## Rules\n\nWhat a file can break, before any tenant is looked at. A message names file, line, column, rule and remedy.\n\n")
	for i, rule := range Rules() {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "`%s`", rule)
	}
	b.WriteString(".\n")
	return b.String()
}

// tables lists t and what hangs below it, each once, in the order of the file.
func tables(t *table, found []*table) []*table {
	for _, known := range found {
		if known == t {
			return found
		}
	}
	found = append(found, t)
	for _, f := range t.fields {
		if f.child != nil {
			found = tables(f.child, found)
		}
	}
	return found
}

func writeTable(b *strings.Builder, t *table) {
	name := strings.TrimPrefix(strings.TrimPrefix(t.what, "an "), "a ")
	fmt.Fprintf(b, "\n## %s\n\n%s\n\n| key | value | default | meaning |\n|---|---|---|---|\n", name, t.doc)
	for _, f := range t.fields {
		doc := f.doc
		if f.child != nil {
			link := strings.TrimPrefix(strings.TrimPrefix(f.child.what, "an "), "a ")
			doc = strings.TrimSpace(fmt.Sprintf("%s See [%s](#%s).", doc, link, strings.ToLower(strings.ReplaceAll(link, " ", "-"))))
		}
		if f.required {
			doc = "**Required.** " + doc
		}
		standard := ""
		if f.standard != "" {
			standard = "`" + f.standard + "`"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", f.name, form(f), standard, doc)
	}
}

// form is what a value looks like, in words.
func form(f field) string {
	switch {
	case f.kind == texts && len(f.values) > 0:
		return "list of `" + strings.Join(f.values, "`, `") + "`"
	case len(f.values) > 0:
		return "`" + strings.Join(f.values, "`, `") + "`"
	case f.kind == number:
		return fmt.Sprintf("%d to %d", f.min, f.max)
	case f.kind == duration && f.least != "" && f.least != "0s":
		return "duration, " + f.least + " at least"
	case f.kind == duration:
		return "duration"
	case f.kind == object:
		return "mapping"
	case f.kind == objects:
		return "list of mappings"
	case f.kind == texts:
		return "list of texts"
	case f.kind == ringsOfSet:
		return "list of counts and percentages"
	case f.shape == guidPattern:
		return "GUID"
	case f.shape == datePattern:
		return "day"
	case f.hint != "":
		return f.hint
	}
	return "text"
}
