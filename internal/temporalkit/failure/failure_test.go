package failure

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"entente.dev/entente/internal/problem"
)

var ignoreCause = cmpopts.IgnoreUnexported(problem.Error{})

func full(kind problem.Kind) *problem.Error {
	p := &problem.Error{Kind: kind, Op: "create job", Tenant: "b", Code: "X", Detail: "d", Remedy: "r", RequestID: "id"}
	if kind.Retryable() {
		p.RetryAfter = 7 * time.Second
	}
	return p
}

// Every kind survives the way through an activity and a child workflow, with its retry decision.
func TestProblemSurvivesActivityAndChild(t *testing.T) {
	for _, kind := range problem.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			want := full(kind)
			attempts := 0
			act := func(context.Context) error {
				attempts++
				return ToTemporal(fmt.Errorf("wrapped: %w", want))
			}
			child := func(ctx workflow.Context) error {
				ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
					StartToCloseTimeout: time.Minute,
					RetryPolicy:         &temporal.RetryPolicy{MaximumAttempts: 3},
				})
				err := workflow.ExecuteActivity(ctx, "graphwrite.create-job").Get(ctx, nil)
				if diff := cmp.Diff(want, ProblemOf(err), ignoreCause); diff != "" {
					return fmt.Errorf("in the child: %s", diff)
				}
				return ToTemporal(ProblemOf(err))
			}
			parent := func(ctx workflow.Context) (*problem.Error, error) {
				return ProblemOf(workflow.ExecuteChildWorkflow(ctx, "child").Get(ctx, nil)), nil
			}
			env := (&testsuite.WorkflowTestSuite{}).NewTestWorkflowEnvironment()
			env.RegisterActivityWithOptions(act, activity.RegisterOptions{Name: "graphwrite.create-job"})
			env.RegisterWorkflowWithOptions(child, workflow.RegisterOptions{Name: "child"})
			env.RegisterWorkflow(parent)
			env.ExecuteWorkflow(parent)
			require.NoError(t, env.GetWorkflowError())
			var got problem.Error
			require.NoError(t, env.GetWorkflowResult(&got))
			if diff := cmp.Diff(want, &got, ignoreCause); diff != "" {
				t.Fatal(diff)
			}
			require.Equal(t, map[bool]int{true: 3, false: 1}[kind.Retryable()], attempts)
		})
	}
}

func TestToTemporalDelay(t *testing.T) {
	var app *temporal.ApplicationError
	require.ErrorAs(t, ToTemporal(full(problem.Throttled)), &app)
	require.Equal(t, 7*time.Second, app.NextRetryDelay())
	require.False(t, app.NonRetryable())
	require.NoError(t, ToTemporal(nil))
	require.Equal(t, problem.Bug, ProblemOf(ToTemporal(errors.New("plain"))).Kind)
	once := ToTemporal(full(problem.Conflict))
	require.Same(t, once, ToTemporal(once))
}

// interruptedBy runs an activity in the test environment that ends from outside.
func interruptedBy(t *testing.T, name string, fail error) *problem.Error {
	t.Helper()
	wf := func(ctx workflow.Context) (*problem.Error, error) {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
			StartToCloseTimeout: time.Minute, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1},
		})
		return ProblemOf(workflow.ExecuteActivity(ctx, name).Get(ctx, nil)), nil
	}
	env := (&testsuite.WorkflowTestSuite{}).NewTestWorkflowEnvironment()
	env.RegisterActivityWithOptions(func(context.Context) error { return nil }, activity.RegisterOptions{Name: name})
	env.RegisterWorkflow(wf)
	env.OnActivity(name, mock.Anything).Return(fail)
	env.ExecuteWorkflow(wf)
	require.NoError(t, env.GetWorkflowError())
	var got problem.Error
	require.NoError(t, env.GetWorkflowResult(&got))
	return &got
}

func TestInterruptionsOfWritesAreAmbiguous(t *testing.T) {
	throttled := ToTemporal(full(problem.Throttled))
	cases := map[string]struct {
		fail        error
		read, write problem.Kind
	}{
		"never started":            {temporal.NewTimeoutError(enumspb.TIMEOUT_TYPE_SCHEDULE_TO_START, nil), problem.Unavailable, problem.Ambiguous},
		"ran too long":             {temporal.NewTimeoutError(enumspb.TIMEOUT_TYPE_START_TO_CLOSE, nil), problem.Unavailable, problem.Ambiguous},
		"window over":              {temporal.NewTimeoutError(enumspb.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE, nil), problem.Unavailable, problem.Ambiguous},
		"window over, was refused": {temporal.NewTimeoutError(enumspb.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE, throttled), problem.Unavailable, problem.Ambiguous},
		"worker lost":              {temporal.NewHeartbeatTimeoutError(), problem.Unavailable, problem.Ambiguous},
		"unknown type":             {temporal.NewApplicationError("x", "Nobody"), problem.Bug, problem.Bug},
		"plain":                    {errors.New("x"), problem.Bug, problem.Bug},
		"kind without details":     {temporal.NewNonRetryableApplicationError("x", string(problem.Stale), nil), problem.Stale, problem.Stale},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			read := interruptedBy(t, "graphread.list-jobs", c.fail)
			require.Equal(t, c.read, read.Kind, read)
			require.Contains(t, read.Op, "graphread.list-jobs")
			write := interruptedBy(t, "graphwrite.create-job", c.fail)
			require.Equal(t, c.write, write.Kind, write)
		})
	}
	require.Contains(t, interruptedBy(t, "graphread.list-jobs", cases["window over, was refused"].fail).Detail, "Throttled")
	require.Contains(t, interruptedBy(t, "graphread.list-jobs", cases["never started"].fail).Remedy, "credential")
}

func TestProblemOfChildThatTimedOutIsAmbiguous(t *testing.T) {
	wf := func(ctx workflow.Context) (*problem.Error, error) {
		ctx = workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{WorkflowRunTimeout: time.Second})
		return ProblemOf(workflow.ExecuteChildWorkflow(ctx, "slow").Get(ctx, nil)), nil
	}
	env := (&testsuite.WorkflowTestSuite{}).NewTestWorkflowEnvironment()
	slow := func(ctx workflow.Context) error { return workflow.Sleep(ctx, time.Hour) }
	env.RegisterWorkflowWithOptions(slow, workflow.RegisterOptions{Name: "slow"})
	env.RegisterWorkflow(wf)
	env.ExecuteWorkflow(wf)
	var got problem.Error
	require.NoError(t, env.GetWorkflowResult(&got))
	require.Equal(t, problem.Ambiguous, got.Kind)
	require.Contains(t, got.Op, "slow")
}

func TestProblemOfOther(t *testing.T) {
	require.Nil(t, ProblemOf(nil))
	require.Equal(t, problem.Unavailable, ProblemOf(context.DeadlineExceeded).Kind)
	require.Equal(t, problem.Ambiguous, ProblemOf(temporal.NewCanceledError()).Kind)
	require.Equal(t, problem.Bug, ProblemOf(errors.New("x")).Kind)
	own := full(problem.Rejected)
	require.Same(t, own, ProblemOf(fmt.Errorf("op: %w", own)))
}
