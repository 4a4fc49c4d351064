package graph

import (
	"fmt"
	"strings"
)

//go:generate go test -count=1 -run TestReferenceIsCurrent -update

// Reference is docs/reference/graph-calls.md, made from the table of operations.
func Reference() string {
	var b strings.Builder
	b.WriteString(`# Calls to Microsoft Graph

<!-- generated from internal/graph/operations.go by make gen; do not edit -->

Every call that Entente can make, all of them under ` + "`/v1.0`" + `, with the application permission that it needs. What each permission is
for, and in which tenants: [permissions.md](../permissions.md).

| call | method | route | permission |
|---|---|---|---|
`)
	for _, o := range Operations() {
		fmt.Fprintf(&b, "| %s | %s | `%s` | `%s` |\n", o.Name, o.Method, o.Route, o.Permission)
	}
	return b.String()
}
