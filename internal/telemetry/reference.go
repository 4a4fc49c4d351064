package telemetry

import (
	"fmt"
	"strings"
)

//go:generate go test -count=1 -run TestReferenceIsCurrent -update

// Reference is docs/reference/metrics.md.
func Reference() string {
	var b strings.Builder
	b.WriteString(`# Metrics

<!-- generated from internal/telemetry/metrics.go by make gen; do not edit -->

` + "`entented`" + ` serves these at ` + "`/metrics`" + ` in the Prometheus text format, beside the Go runtime's (` + "`go_*`" + `) and the
process's own (` + "`process_*`" + `). Label values are bounded: tenants of the configuration, throttling classes, kinds of
errors, phases, registered names. No label ever holds a person. Durations are in seconds.
`)
	section(&b, "Entente", ownDefinitions())
	section(&b, "Temporal SDK", temporalDefinitions())
	return b.String()
}

func section(b *strings.Builder, title string, table []definition) {
	fmt.Fprintf(b, "\n## %s\n\n| metric | kind | labels | meaning |\n|---|---|---|---|\n", title)
	for _, d := range table {
		labels := make([]string, len(d.labels))
		for i, l := range d.labels {
			labels[i] = "`" + l + "`"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", d.name, d.kind, strings.Join(labels, ", "), d.help)
	}
}
