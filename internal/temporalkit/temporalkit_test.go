package temporalkit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"entente.dev/entente/internal/devserver"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/telemetry"
	"entente.dev/entente/internal/temporalkit/codec"
	"entente.dev/entente/internal/temporalkit/failure"
)

// planted must be found nowhere in what Temporal stores. It goes in by every way there is.
const planted = "Annie-Planted-4711"

type person struct{ Name string }

func greet(_ context.Context, in person) (person, error) { return person{in.Name + " greeted"}, nil }

func refuse(_ context.Context, in person) error {
	return fmt.Errorf("op: %w", &problem.Error{Kind: problem.Rejected, Op: "create job", Tenant: "b", Detail: in.Name, Remedy: "ask"})
}

func explode(_ context.Context, in person) error { panic(in.Name) }

func entity(ctx workflow.Context, in person) (person, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute, TaskQueue: "tenant.b", HeartbeatTimeout: time.Minute})
	var out person
	if err := workflow.SetUpdateHandler(ctx, "approve", func(workflow.Context, person) error {
		return problem.New(problem.GuardTripped, "approve", "not "+in.Name)
	}); err != nil {
		return out, err
	}
	if err := workflow.ExecuteActivity(ctx, "graphread.greet", in).Get(ctx, &out); err != nil {
		return out, err
	}
	for _, c := range []struct {
		name string
		want problem.Kind
	}{{"graphwrite.refuse", problem.Rejected}, {"graphwrite.explode", problem.Bug}} {
		if got := failure.ProblemOf(workflow.ExecuteActivity(ctx, c.name, in).Get(ctx, nil)); got == nil || got.Kind != c.want {
			return out, fmt.Errorf("%s: %v, want %s", c.name, got, c.want)
		}
	}
	var signalled person
	workflow.GetSignalChannel(ctx, "set-changed").Receive(ctx, &signalled)
	return out, &problem.Error{Kind: problem.Conflict, Op: "finish", Tenant: "b", Detail: signalled.Name}
}

func register(r worker.Registry) {
	r.RegisterWorkflowWithOptions(entity, workflow.RegisterOptions{Name: "entity"})
}

func registerActivities(r worker.Registry) {
	r.RegisterActivityWithOptions(greet, activity.RegisterOptions{Name: "graphread.greet"})
	r.RegisterActivityWithOptions(refuse, activity.RegisterOptions{Name: "graphwrite.refuse"})
	r.RegisterActivityWithOptions(explode, activity.RegisterOptions{Name: "graphwrite.explode"})
}

// startServer runs the embedded server. Its packages need minutes to compile the first time, which the build cache
// shares with the daemon.
func startServer(t *testing.T, dir string) *devserver.Server {
	t.Helper()
	s, err := devserver.Start(t.Context(), devserver.Options{DataDir: dir})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop()) })
	return s
}

func startWorkers(t *testing.T, c client.Client, m *telemetry.Metrics) *Workers {
	t.Helper()
	w, err := NewWorkers(c, WorkersOptions{Metrics: m, Queues: []Queue{
		{Name: "core", Workflows: true, Register: register},
		{Name: "tenant.b", Register: registerActivities},
	}})
	require.NoError(t, err)
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
	return w
}

func TestNothingReadableReachesTheDatabase(t *testing.T) {
	dir := t.TempDir()
	s := startServer(t, dir)
	keys, err := codec.LoadOrCreateKeys(filepath.Join(dir, "keys"))
	require.NoError(t, err)
	metrics := telemetry.NewMetrics(telemetry.Build{})
	c, err := Dial(t.Context(), Options{Address: s.Address(), Namespace: s.Namespace(), Keys: keys, Metrics: metrics, RefuseOversize: true})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	startWorkers(t, c, metrics)

	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: "share/o/b/c", TaskQueue: "core", Memo: map[string]any{"who": planted},
	}, "entity", person{planted})
	require.NoError(t, err)
	update, err := c.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{
		WorkflowID: "share/o/b/c", UpdateName: "approve", WaitForStage: client.WorkflowUpdateStageCompleted, Args: []any{person{planted}},
	})
	require.NoError(t, err)
	require.Equal(t, problem.GuardTripped, failure.ProblemOf(update.Get(t.Context(), nil)).Kind)
	require.NoError(t, c.SignalWorkflow(t.Context(), "share/o/b/c", "", "set-changed", person{planted}))

	got := failure.ProblemOf(run.Get(t.Context(), nil))
	require.Equal(t, problem.Conflict, got.Kind, got)
	require.Equal(t, planted, got.Detail, "it is readable to us")

	requireNotStored(t, dir)
	body := scrape(t, metrics)
	require.Contains(t, body, `entente_activity_outcomes_total{activity="graphwrite.refuse",outcome="Rejected"} 1`)
	require.Contains(t, body, `entente_activity_outcomes_total{activity="graphwrite.explode",outcome="Bug"} 1`)
	require.Contains(t, body, `temporal_workflow_failed_total{task_queue="core",workflow_type="entity"} 1`)
	require.NotContains(t, body, planted)
}

// requireNotStored reads the database's bytes, the write-ahead log included, and proves that it would have found
// what is stored in clear.
func requireNotStored(t *testing.T, dir string) {
	t.Helper()
	var all strings.Builder
	for _, name := range []string{"temporal.db", "temporal.db-wal"} {
		raw, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		all.Write(raw)
	}
	require.Contains(t, all.String(), "share/o/b/c", "the search looks in the right place")
	require.NotContains(t, all.String(), planted)
	require.NotContains(t, all.String(), "greeted")
}

func scrape(t *testing.T, m *telemetry.Metrics) string {
	t.Helper()
	rec := httptest.NewRecorder()
	m.Handler().ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
	body, err := io.ReadAll(rec.Result().Body)
	require.NoError(t, err)
	return string(body)
}

func TestRotatedKeysGoOnWithRunningWorkflows(t *testing.T) {
	dir := t.TempDir()
	s := startServer(t, dir)
	path := filepath.Join(dir, "keys")
	old, err := codec.LoadOrCreateKeys(path)
	require.NoError(t, err)
	c, err := Dial(t.Context(), Options{Address: s.Address(), Namespace: s.Namespace(), Keys: old})
	require.NoError(t, err)
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "share/o/b/c", TaskQueue: "core"}, "entity", person{planted})
	require.NoError(t, err)
	c.Close()

	rotated, err := codec.Rotate(path)
	require.NoError(t, err)
	c, err = Dial(t.Context(), Options{Address: s.Address(), Namespace: s.Namespace(), Keys: rotated})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	startWorkers(t, c, nil)
	require.NoError(t, c.SignalWorkflow(t.Context(), "share/o/b/c", "", "set-changed", person{"later"}))
	require.Equal(t, "later", failure.ProblemOf(c.GetWorkflow(t.Context(), "share/o/b/c", run.GetRunID()).Get(t.Context(), nil)).Detail)
}

func TestDialSaysWhatToDo(t *testing.T) {
	keys := codec.Keys{}
	_, err := Dial(t.Context(), Options{Address: "127.0.0.1:1", Namespace: "x", Keys: keys})
	require.ErrorContains(t, err, "no encryption key")
	key, err := codec.NewKey()
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err = Dial(ctx, Options{Address: "127.0.0.1:1", Namespace: "x", Keys: codec.Keys{key}})
	require.Equal(t, problem.Unavailable, problem.KindOf(err))
	require.ErrorContains(t, err, "check that the server runs")
}

func TestOversizePayloads(t *testing.T) {
	key, err := codec.NewKey()
	require.NoError(t, err)
	big := strings.Repeat("x", codec.MaxPayload+1)
	strict, err := DataConverter(Options{Keys: codec.Keys{key}, RefuseOversize: true})
	require.NoError(t, err)
	_, err = strict.ToPayload(big)
	var oversize *codec.OversizeError
	require.ErrorAs(t, err, &oversize)

	metrics := telemetry.NewMetrics(telemetry.Build{})
	lax, err := DataConverter(Options{Keys: codec.Keys{key}, Metrics: metrics})
	require.NoError(t, err)
	_, err = lax.ToPayload(big)
	require.NoError(t, err)
	require.Contains(t, scrape(t, metrics), "entente_payload_oversize_total 1")
}

// An activity that reports a cursor once and then works on for longer than its heartbeat timeout keeps both its
// life and the cursor; so does the next attempt, which reports nothing.
func TestAutomaticHeartbeatKeepsCursor(t *testing.T) {
	dir := t.TempDir()
	s := startServer(t, dir)
	keys, err := codec.LoadOrCreateKeys(filepath.Join(dir, "keys"))
	require.NoError(t, err)
	c, err := Dial(t.Context(), Options{Address: s.Address(), Namespace: s.Namespace(), Keys: keys})
	require.NoError(t, err)
	t.Cleanup(c.Close)

	const timeout = time.Second
	crawl := func(ctx context.Context) (string, error) {
		var page string
		if activity.HasHeartbeatDetails(ctx) {
			if err := activity.GetHeartbeatDetails(ctx, &page); err != nil {
				return "", err
			}
		}
		attempt := activity.GetInfo(ctx).Attempt
		if attempt == 3 {
			return page, nil
		}
		if attempt == 1 {
			activity.RecordHeartbeat(ctx, "page-7")
		}
		time.Sleep(timeout + timeout/2)
		return "", problem.New(problem.Unavailable, "crawl", "once more")
	}
	walk := func(ctx workflow.Context) (page string, err error) {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
			StartToCloseTimeout: time.Minute, HeartbeatTimeout: timeout,
			RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Millisecond, MaximumAttempts: 3},
		})
		err = workflow.ExecuteActivity(ctx, "graphread.crawl").Get(ctx, &page)
		return page, err
	}
	w, err := NewWorkers(c, WorkersOptions{Queues: []Queue{{Name: "core", Workflows: true, Register: func(r worker.Registry) {
		r.RegisterActivityWithOptions(crawl, activity.RegisterOptions{Name: "graphread.crawl"})
		r.RegisterWorkflowWithOptions(walk, workflow.RegisterOptions{Name: "walk"})
	}}}})
	require.NoError(t, err)
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "w", TaskQueue: "core"}, "walk")
	require.NoError(t, err)
	var page string
	require.NoError(t, run.Get(t.Context(), &page))
	require.Equal(t, "page-7", page)
}

func TestActivityErrors(t *testing.T) {
	env := (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{NewInterceptor(nil, nil)}})
	for name, c := range map[string]struct {
		fail error
		want problem.Kind
	}{
		"problem":            {&problem.Error{Kind: problem.Throttled, Op: "x", RetryAfter: time.Second}, problem.Throttled},
		"plain":              {errors.New("x"), problem.Bug},
		"someone's deadline": {context.DeadlineExceeded, problem.Bug},
		"already converted":  {temporal.NewNonRetryableApplicationError("x", "Stale", nil), problem.Stale},
	} {
		t.Run(name, func(t *testing.T) {
			env.RegisterActivityWithOptions(func(context.Context) error { return c.fail }, activity.RegisterOptions{Name: "a", DisableAlreadyRegisteredCheck: true})
			_, err := env.ExecuteActivity("a")
			require.Equal(t, c.want, failure.ProblemOf(err).Kind, err)
		})
	}
}

func TestWorkersAreChecked(t *testing.T) {
	_, err := NewWorkers(nil, WorkersOptions{})
	require.ErrorContains(t, err, "no queue")
}
