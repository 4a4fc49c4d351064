package temporalkit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/telemetry"
	"entente.dev/entente/internal/temporalkit/failure"
)

// NewInterceptor is the worker interceptor of every worker of ours: activities' errors become errors of the taxonomy,
// outcomes are counted, activities with a heartbeat timeout heartbeat by themselves. Tests of workflows set it on
// their environment to see what production sees.
func NewInterceptor(metrics *telemetry.Metrics, log *slog.Logger) interceptor.WorkerInterceptor {
	return &workerInterceptor{metrics: metrics, log: logger(log)}
}

type workerInterceptor struct {
	interceptor.WorkerInterceptorBase
	metrics *telemetry.Metrics
	log     *slog.Logger
}

func (w *workerInterceptor) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	i := &activityInbound{worker: w, beats: &cursor{}}
	i.Next = next
	return i
}

func (w *workerInterceptor) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	i := &workflowInbound{}
	i.Next = next
	return i
}

// activityInbound wraps one execution of an activity; the SDK makes one for each.
type activityInbound struct {
	interceptor.ActivityInboundInterceptorBase
	worker *workerInterceptor
	beats  *cursor
}

func (i *activityInbound) Init(outbound interceptor.ActivityOutboundInterceptor) error {
	out := &activityOutbound{beats: i.beats}
	out.Next = outbound
	return i.Next.Init(out)
}

func (i *activityInbound) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (out any, err error) {
	info := activity.GetInfo(ctx)
	began := time.Now()
	stop := i.beats.start(ctx, info.HeartbeatTimeout)
	defer func() {
		if r := recover(); r != nil {
			i.worker.log.Error("an activity panicked", "activity", info.ActivityType.Name, "stack", string(debug.Stack()))
			out, err = nil, failure.ToTemporal(problem.New(problem.Bug, "activity "+info.ActivityType.Name, fmt.Sprintf("panic: %v", r)))
		}
		stop()
		i.record(info.ActivityType.Name, time.Since(began), err)
	}()
	out, err = i.Next.ExecuteActivity(ctx, in)
	return out, activityError(ctx, err)
}

// activityError converts everything but what the SDK itself gives a meaning to.
func activityError(ctx context.Context, err error) error {
	var cancelled *temporal.CanceledError
	switch {
	case err == nil, errors.Is(err, activity.ErrResultPending), errors.As(err, &cancelled):
		return err
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		return err // cancelled or out of time: the server knows already, or is told by the SDK
	default:
		return failure.ToTemporal(err)
	}
}

func (i *activityInbound) record(name string, took time.Duration, err error) {
	outcome := "ok"
	switch {
	case err == nil || errors.Is(err, activity.ErrResultPending):
	case errors.Is(err, context.Canceled), temporal.IsCanceledError(err):
		outcome = "cancelled"
	default:
		outcome = string(failure.ProblemOf(err).Kind)
	}
	i.worker.metrics.Add(telemetry.ActivityOutcomes, 1, name, outcome)
	i.worker.metrics.Observe(telemetry.ActivitySeconds, took, name)
}

// workflowInbound lets workflows and their update handlers return problems. It adds no commands, so it is no matter
// of determinism.
type workflowInbound struct {
	interceptor.WorkflowInboundInterceptorBase
}

func (i *workflowInbound) ExecuteWorkflow(ctx workflow.Context, in *interceptor.ExecuteWorkflowInput) (any, error) {
	out, err := i.Next.ExecuteWorkflow(ctx, in)
	return out, workflowError(err)
}

func (i *workflowInbound) ValidateUpdate(ctx workflow.Context, in *interceptor.UpdateInput) error {
	return workflowError(i.Next.ValidateUpdate(ctx, in))
}

func (i *workflowInbound) ExecuteUpdate(ctx workflow.Context, in *interceptor.UpdateInput) (any, error) {
	out, err := i.Next.ExecuteUpdate(ctx, in)
	return out, workflowError(err)
}

// workflowError converts problems only: the SDK's own errors (continue-as-new, cancellation, activity errors) mean
// something to it, and ProblemOf reads them too.
func workflowError(err error) error {
	var p *problem.Error
	if errors.As(err, &p) {
		return failure.ToTemporal(p)
	}
	return err
}
