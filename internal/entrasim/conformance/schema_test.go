package conformance

import (
	"fmt"
	"os"
	"testing"

	"entente.dev/entente/internal/entrasim/conformance/csdl"
	"entente.dev/entente/internal/entrasim/conformance/tour"
)

// TestAnswersFitMicrosoftsSchema takes the tour and holds every answer against the schema. Without the schema it
// fails: a check that does not run proves nothing.
func TestAnswersFitMicrosoftsSchema(t *testing.T) {
	m, err := csdl.Load("../../..")
	if err != nil {
		t.Fatal(err)
	}
	seen, err := tour.Run(t.Context())
	if err != nil {
		t.Error(err)
	}
	if seen == nil {
		return
	}
	for _, r := range seen.Missed {
		t.Errorf("the tour got no success from %s", r)
	}
	answers, violations := 0, 0
	reported := map[string]bool{}
	for _, a := range seen.Answers {
		if csdl.OutsideV1(a) {
			continue
		}
		answers++
		for _, fault := range m.Check(a) {
			violations++
			if !reported[a.Path+fault] {
				reported[a.Path+fault] = true
				t.Errorf("%s /%s%s (%d): %s", a.Method, a.Version, a.Path, a.Status, fault)
			}
		}
	}
	_, _ = fmt.Fprintf(os.Stdout, "schema: %d answers, %d violations\n", answers, violations)
	if answers < 200 {
		t.Errorf("only %d answers were judged", answers)
	}
}
