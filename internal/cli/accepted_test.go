package cli_test

import (
	"encoding/json"
	"regexp"
	"testing"

	"entente.dev/entente/internal/api/apitest"
	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/store"
)

func TestAccepted(t *testing.T) {
	b := newBench(t)
	b.want(0, "apply -f three.yaml --yes")
	b.who = "c-admin"
	b.want(0, "accepted", "nothing is accepted")
	b.want(1, "accepted b c", "nothing is accepted for the share b→c")
	b.want(0, "approve req-b-c-1 --existing-guests convert --max-users 5 --exclude barbara@b.example --exclude-reason moved", "approved")
	b.want(0, "accepted", "b→c", "in force", "5", "convert", "c-admin")
	b.want(0, "accepted b c", "left out", "barbara@b.example  moved", "envelope ")
	_, out, _ := b.run("accepted b/c -o json")
	var a wire.Acceptance
	if err := json.Unmarshal([]byte(out), &a); err != nil || a.MaxUsers != 5 || len(a.Digest) != 64 {
		t.Errorf("%v: %s", err, out)
	}
	b.who = "a-admin"
	b.want(0, "accepted", "nothing is accepted")
	b.want(1, "accepted b c", "may not")
}

// TestTheInboxSaysWhichPlanItShows: an answer with what the inbox prints is to the people it showed, and to nobody else.
func TestTheInboxSaysWhichPlanItShows(t *testing.T) {
	b := newBench(t)
	b.want(0, "apply -f three.yaml --yes")
	b.who = "c-admin"
	_, out, _ := b.run("inbox")
	line := regexp.MustCompile(`entente (approve req-b-c-1 --plan [0-9a-f]{64})`).FindStringSubmatch(out)
	if line == nil {
		t.Fatalf("the inbox does not say how to answer to what it shows:\n%s", out)
	}
	b.want(1, "approve req-b-c-1 --plan 0123456789ab", "look at the request again")
	b.want(1, "approve req-b-c-1 --plan "+line[1][len(line[1])-64:][:4], "look at the request again")
	b.want(0, line[1], "approved")
}

// TestLimitsAreNotForPeopleWhoLeave: with --all they go to those who come in, and the others are left to be answered.
func TestLimitsAreNotForPeopleWhoLeave(t *testing.T) {
	b := newBench(t)
	b.want(0, "apply -f three.yaml --yes")
	r, err := b.world.Store.Request(t.Context(), apitest.Org, "req-b-c-1")
	if err != nil {
		t.Fatal(err)
	}
	r.ID, r.Kind, r.Workflow = "red-1", "reduction", "workflow-of-red-1"
	if err := b.world.Store.PutRequest(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	b.who = "c-admin"
	b.want(1, "approve red-1 --max-users 5", "people who leave", "maxUsers", "what to do: reject it")
	b.want(0, "approve --all --existing-guests convert", "1 request about people who leave not answered", "req-b-c-1: approved")
	if left, err := b.world.Store.Request(t.Context(), apitest.Org, "red-1"); err != nil || left.Status != store.Waiting {
		t.Errorf("the reduction is %s, %v", left.Status, err)
	}
	b.want(0, "approve --all", "red-1: approved")
}
