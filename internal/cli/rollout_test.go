package cli_test

import (
	"testing"

	"entente.dev/entente/internal/contract"
)

func TestContinue(t *testing.T) {
	b := newBench(t)
	b.want(0, "apply -f three.yaml --yes")
	b.want(1, "continue b c", "reason")
	b.want(0, "continue b c --reason leave", "the next ring is opened")
	if got := b.world.Control.Continues; len(got) != 1 || got[0] != (contract.ContinueCommand{By: "pat", Reason: "leave"}) {
		t.Errorf("continued: %+v", got)
	}
	b.who = "c-admin"
	b.want(1, "continue b c --reason leave", "the platform role")
}
