package control

import (
	"context"
	"testing"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"entente.dev/entente/internal/problem"
)

// TestATemporalThatDoesNotAnswerIsNamed: whatever way a call to it ends without an answer.
func TestATemporalThatDoesNotAnswerIsNamed(t *testing.T) {
	t.Parallel()
	c := New(nil, nil, "127.0.0.1:7233")
	for _, err := range []error{
		serviceerror.NewUnavailable("connection refused"), serviceerror.NewDeadlineExceeded("context deadline exceeded"),
		context.DeadlineExceeded, client.NewWorkflowUpdateServiceTimeoutOrCanceledError(context.DeadlineExceeded),
	} {
		p := problem.Of(c.problem("apply the topology", err))
		if p.Kind != problem.Unavailable || p.Detail != "Temporal at 127.0.0.1:7233 does not answer" || p.Remedy == "" {
			t.Errorf("%T: %+v", err, p)
		}
	}
}
