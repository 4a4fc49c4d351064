package bench

import (
	"fmt"
	"strings"
	"testing"
)

// figure prints one promise with what was measured, and fails the benchmark when it does not hold.
func figure(b *testing.B, name string, value float64, unit string, limit, baseline float64, what string) {
	b.Helper()
	b.ReportMetric(value, unit+"/"+strings.ReplaceAll(name, " ", "-"))
	fmt.Printf("figure %s: %.2f %s (limit %.0f; baseline %.2f: %s)\n", name, value, unit, limit, baseline, what)
	if value > limit {
		b.Errorf("%s is %.2f %s, over its limit of %.0f", name, value, unit, limit)
	}
}
