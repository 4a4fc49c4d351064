package replay

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/proxy"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/stretchr/testify/require"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/temporalkit"
	"entente.dev/entente/internal/temporalkit/codec"
	"entente.dev/entente/workflows/acceptance"
	"entente.dev/entente/workflows/membertype"
	"entente.dev/entente/workflows/organization"
	"entente.dev/entente/workflows/reduction"
	"entente.dev/entente/workflows/reminder"
	"entente.dev/entente/workflows/restore"
	"entente.dev/entente/workflows/setup"
	"entente.dev/entente/workflows/share"
	"entente.dev/entente/workflows/tenant"
)

var entries = map[string]any{
	contract.OrganizationWorkflow: organization.Workflow, contract.PreviewWorkflow: organization.Preview,
	contract.TenantWorkflow: tenant.Workflow, contract.ShareWorkflow: share.Workflow, contract.SetupWorkflow: setup.Workflow,
	contract.TeardownWorkflow: setup.Teardown, contract.AcceptanceWorkflow: acceptance.Workflow,
	contract.MemberTypeWorkflow: membertype.Workflow, contract.ReductionWorkflow: reduction.Workflow, contract.RestoreWorkflow: restore.Workflow,
	contract.ReminderWorkflow: reminder.Workflow,
}

func TestEveryRecordedHistoryReplays(t *testing.T) {
	t.Parallel()
	replayer, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{
		Interceptors: []interceptor.WorkerInterceptor{temporalkit.NewInterceptor(nil, nil)},
	})
	require.NoError(t, err)
	for name, entry := range entries {
		replayer.RegisterWorkflowWithOptions(entry, workflow.RegisterOptions{Name: name})
	}
	seen := map[string]bool{}
	for _, f := range fixtures(t) {
		h := history(t, f)
		seen[h.Events[0].GetWorkflowExecutionStartedEventAttributes().GetWorkflowType().GetName()] = true
		if err := replayer.ReplayWorkflowHistory(log.NewStructuredLogger(slog.New(slog.DiscardHandler)), h); err != nil {
			t.Errorf("%s: %v", f, err)
		}
	}
	for name := range entries {
		require.True(t, seen[name], "no history of %s is recorded", name)
	}
}

// TestHistoriesNameNobodyAndStaySmall holds what crosses Temporal to references: no name, no address, no big payload.
func TestHistoriesNameNobodyAndStaySmall(t *testing.T) {
	t.Parallel()
	planted := []string{"annie", "barbara", "charlie", "bob@", "bob b", "@a.example", "@b.example", "@c.example", "ext#"}
	for _, f := range fixtures(t) {
		info, err := os.Stat(f)
		require.NoError(t, err)
		require.Less(t, info.Size(), int64(300<<10), f)
		err = proxy.VisitPayloads(t.Context(), history(t, f), proxy.VisitPayloadsOptions{
			SkipSearchAttributes: true,
			Visitor: func(_ *proxy.VisitPayloadsContext, ps []*commonpb.Payload) ([]*commonpb.Payload, error) {
				for _, p := range ps {
					require.LessOrEqual(t, len(p.Data), codec.MaxPayload, f)
					text := strings.ToLower(string(p.Data))
					for _, name := range planted {
						require.NotContains(t, text, name, f)
					}
				}
				return ps, nil
			},
		})
		require.NoError(t, err)
	}
}

// TestTheReplayWouldNotice replays a history whose first activity bears another name.
func TestTheReplayWouldNotice(t *testing.T) {
	t.Parallel()
	h := history(t, filepath.Join("testdata", "setup-1.json.gz"))
	for _, e := range h.Events {
		if a := e.GetActivityTaskScheduledEventAttributes(); a != nil {
			a.ActivityType.Name = contract.DeleteGroup
			break
		}
	}
	replayer := worker.NewWorkflowReplayer()
	replayer.RegisterWorkflowWithOptions(setup.Workflow, workflow.RegisterOptions{Name: contract.SetupWorkflow})
	require.Error(t, replayer.ReplayWorkflowHistory(log.NewStructuredLogger(slog.New(slog.DiscardHandler)), h))
}

func fixtures(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.json.gz")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	return files
}

func history(t *testing.T, file string) *historypb.History {
	t.Helper()
	f, err := os.Open(file)
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	require.NoError(t, err)
	raw, err := io.ReadAll(z)
	require.NoError(t, err)
	h, err := client.HistoryFromJSON(bytes.NewReader(raw), client.HistoryJSONOptions{})
	require.NoError(t, err)
	return h
}

// decoded is a history as a reader with the key sees it.
func decoded(ctx context.Context, h *historypb.History, keys codec.Keys) error {
	c, err := codec.New(keys, nil)
	if err != nil {
		return err
	}
	return proxy.VisitPayloads(ctx, h, proxy.VisitPayloadsOptions{
		SkipSearchAttributes: true,
		Visitor: func(_ *proxy.VisitPayloadsContext, ps []*commonpb.Payload) ([]*commonpb.Payload, error) {
			return c.Decode(ps)
		},
	})
}
