package api

import (
	"context"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/ident"
)

// Control runs things. Every method that takes a key is safe to repeat with it: the same key is the same
// command. Keys are bound to their command before they come here. Errors are of package problem.
type Control interface {
	// Preview observes, plans and stores, and returns when the plan is stored.
	Preview(ctx context.Context, org, topologyDigest string) (contract.PlanRef, error)
	Apply(ctx context.Context, org string, in contract.ApplyInput, key string) (contract.ApplyResult, error)
	Decide(ctx context.Context, workflowID string, d contract.Decision, key string) (contract.DecisionResult, error)
	Stop(ctx context.Context, org string, s ident.Share, c contract.StopCommand, key string) error
	// Revoke takes a target's yes back.
	Revoke(ctx context.Context, org string, s ident.Share, c contract.RevokeCommand, key string) error
	Restore(ctx context.Context, org string, s ident.Share, c contract.RestoreCommand, key string) error
	Revert(ctx context.Context, org string, s ident.Share, c contract.RevertCommand, key string) error
	// Continue opens the next ring of a paused rollout.
	Continue(ctx context.Context, org string, s ident.Share, c contract.ContinueCommand, key string) error
	// FactsChanged tells a share that a hold or an exclusion changed.
	FactsChanged(ctx context.Context, org string, s ident.Share) error
	Ping(ctx context.Context) error
}
