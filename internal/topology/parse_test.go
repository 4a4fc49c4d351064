package topology

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const example = `apiVersion: entente/v1
kind: Topology
metadata: { name: contoso-group }
tenants:
  - { name: a, tenantId: 0a000000-0000-0000-0000-000000000001, domain: a.example }
  - { name: b, tenantId: 0b000000-0000-0000-0000-000000000002, domain: b.example }
  - { name: c, tenantId: 0c000000-0000-0000-0000-000000000003, domain: c.example }
userSets:
  - { name: a-people, tenant: a, from: { group: "Collaboration" } }
  - { name: b-people, tenant: b, from: { group: "Collaboration" } }
  - { name: c-people, tenant: c, from: { group: "Collaboration" } }
shares:
  - mesh: [a, b, c]              # every tenant shares its sets with every other
defaults:
  acceptance:     { mode: manual, approvers: 1, maxUsers: 500, expiresAfter: 90d }
  userType:       { value: member, existingGuests: ask }
  deprovisioning: { action: softDelete, grace: 24h, budget: { count: 50, percent: 10 } }
  rollout:        { rings: [5, 25%, 100%] }
`

func mustParse(t *testing.T, data string) *Topology {
	t.Helper()
	topology, problems := Parse("test.yaml", []byte(data))
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	return topology
}

// samePlaces compares topologies without their positions.
var samePlaces = cmpopts.IgnoreTypes(Position{})

func TestTheDesignExampleParses(t *testing.T) {
	t.Parallel()
	topology := mustParse(t, example)
	if got := len(topology.Shares); got != 6 {
		t.Fatalf("shares = %d, want 6", got)
	}
	first := topology.Shares[0]
	if first.String() != "a→b" || !cmp.Equal(first.Sets, []string{"a-people"}) || first.Pos != (Position{Line: 13, Column: 5}) {
		t.Errorf("first share: %+v", first)
	}
	if diff := cmp.Diff(Defaults(), first.Policy); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(Rollout{Rings: []string{"5", "25%", "100%"}, PauseAbove: 10}, topology.Rollout); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(topology, mustParse(t, string(Print(topology))), samePlaces); diff != "" {
		t.Errorf("parse after print (-first +again):\n%s", diff)
	}
}

// TestHostileFilesAreRefused: nesting that would exhaust the stack of a recursive parser never reaches it.
func TestHostileFilesAreRefused(t *testing.T) {
	t.Parallel()
	for _, unit := range []string{"[", "{a: ", "- ", "? ", "!a ", "&a ", "- ? "} {
		_, problems := Parse("hostile.yaml", []byte(strings.Repeat(unit, 1<<20)))
		if len(problems) != 1 || problems[0].Rule != RuleSyntax {
			t.Errorf("%q: %v", unit, problems[:min(1, len(problems))])
		}
	}
	if _, problems := Parse("large.yaml", make([]byte, maxBytes+1)); len(problems) != 1 {
		t.Error("a huge file is read")
	}
	mustParse(t, strings.Replace(example, "shares:\n", "shares: # "+strings.Repeat("- ", 200)+strings.Repeat("-", 200)+"\n", 1))
}
