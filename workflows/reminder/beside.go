package reminder

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/topology"
	"entente.dev/entente/workflows/profile"
)

// Begin starts to tell people of a question of the calling workflow; its request is in the store. It waits for the
// start and for nothing else.
func Begin(ctx workflow.Context, org, requestID string, policy topology.Acceptance, until time.Time) {
	ctx, _ = workflow.NewDisconnectedContext(ctx) // a question that is withdrawn ends it by its signal: it has a last word
	in := contract.ReminderInput{Org: org, RequestID: requestID, RemindAfter: policy.RemindAfter, EscalateAfter: policy.EscalateAfter, Until: until}
	child := workflow.ExecuteChildWorkflow(profile.Entity(ctx, contract.ReminderID(org, requestID)), contract.ReminderWorkflow, in)
	if err := child.GetChildWorkflowExecution().Get(ctx, nil); err != nil {
		workflow.GetLogger(ctx).Warn("nobody is reminded", "request", requestID)
	}
}

// End lets it say that the question has ended.
func End(ctx workflow.Context, org, requestID string) {
	if err := workflow.SignalExternalWorkflow(ctx, contract.ReminderID(org, requestID), "", contract.RequestEnded, nil).Get(ctx, nil); err != nil {
		workflow.GetLogger(ctx).Warn("the reminder was not told of the end", "request", requestID)
	}
}
