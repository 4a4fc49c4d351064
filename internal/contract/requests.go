package contract

import (
	"time"

	"entente.dev/entente/internal/store"
)

// Request is how the question stands in the target's inbox: who opens it and who refreshes it write the same. Where the
// target accepted before, it is about those who wait, or about everybody where only its time is over.
func (in AcceptanceInput) Request(workflowID string, opened time.Time) store.Request {
	policy, need, counts := in.Plan.Policy.Acceptance, in.Plan.Acceptance, in.Plan.Counts
	people := counts.People
	again := need.Delta || need.Frozen
	if again && counts.Waiting > 0 {
		people = counts.Waiting
	}
	return store.Request{
		ID: in.RequestID, Org: in.Run.Org, Kind: "acceptance", Share: in.Run.Share, Tenant: in.Run.Target.Name,
		PlanDigest: in.Plan.Digest, Why: need.Why, People: people, MaxUsers: max(policy.MaxUsers, counts.People+counts.Waiting),
		Guests: in.Plan.Guests, Delta: again, Approvers: max(policy.Approvers, 1), Status: store.Waiting, Workflow: workflowID, Requester: in.Requester,
		OpenedAt: opened, ExpiresAt: opened.Add(policy.AskFor),
	}
}
