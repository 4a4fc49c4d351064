package config

import (
	"fmt"
	"strings"
)

//go:generate go test -count=1 -run TestReferenceIsCurrent -update

// Reference is docs/reference/config.md.
func Reference() string {
	var b strings.Builder
	b.WriteString("# Process configuration\n\n<!-- generated from internal/config/settings.go by make gen; do not edit -->\n" + `
What one ` + "`entented`" + ` process needs to know: where its data, Temporal and its listener are, which tenants it serves and
with which credential. Who shares whom with whom is the topology, a file of its own.

Sources, later ones win: defaults, the file (` + "`--config`" + ` or ` + "`ENTENTE_CONFIG`" + `), variables, flags. Every mistake is reported at once,
with its place and its remedy. An example: [entented.yaml](../../deploy/examples/entented.yaml).

A **secret** is written as ` + "`{file: /path}`" + ` or ` + "`{env: NAME}`" + `, never as itself. A secret's file must not be readable by others, and
not be writable by its group (mode 0600 or 0640 or stricter).

## Settings of the process

| setting | variable | flag | default | meaning |
|---|---|---|---|---|
`)
	for _, row := range settings() {
		if row.global() {
			fmt.Fprintf(&b, "| `%s` | `%s` | `--%s` | %s | %s |\n", row.path, row.env(), row.flag(), code(row.standard), row.meaning())
		}
	}
	b.WriteString("\n## Tenants, sign-in, tokens, notifications and the ledger's archive\n\nIn the file only. `[]` is one item of the list.\n\n| setting | default | meaning |\n|---|---|---|\n")
	for _, row := range settings() {
		if !row.global() {
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", row.path, code(row.standard), row.meaning())
		}
	}
	return b.String()
}

func code(text string) string {
	if text == "" {
		return ""
	}
	return "`" + text + "`"
}

func (s setting) meaning() string {
	what := "*" + string(s.kind) + "*"
	if s.kind == choice {
		quoted := make([]string, len(s.values))
		for i, v := range s.values {
			quoted[i] = code(v)
		}
		what = strings.Join(quoted, ", ")
	}
	return what + ". " + s.doc
}
