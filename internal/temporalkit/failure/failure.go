package failure

import (
	"context"
	"errors"
	"slices"
	"strings"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"

	"entente.dev/entente/internal/problem"
)

// WritePrefix begins the registered names of every activity that writes to a tenant. A timeout of such an activity
// leaves open whether the write happened.
const WritePrefix = "graphwrite."

// ToTemporal makes err an application error that ProblemOf reads back. Whether and when Temporal tries again is
// decided here and nowhere else: by the kind, and by the delay that the service asked for. Anything outside the
// taxonomy is a Bug. nil stays nil.
func ToTemporal(err error) error {
	if err == nil {
		return nil
	}
	var app *temporal.ApplicationError
	if errors.As(err, &app) && slices.Contains(problem.Kinds(), problem.Kind(app.Type())) {
		return err // already converted, by a test or an inner call
	}
	p := problem.Of(err)
	return temporal.NewApplicationErrorWithOptions(p.Error(), string(p.Kind), temporal.ApplicationErrorOptions{
		NonRetryable:   !p.Kind.Retryable(),
		NextRetryDelay: p.RetryAfter,
		Details:        []any{*p}, // by value: read back the same before and after the wire
	})
}

// ProblemOf reads any error of a workflow, an activity or a client call as a problem; nil for nil.
//
// What it cannot know it reads on the safe side: when a write or a whole workflow timed out, was cancelled or was
// terminated, the effect may have happened (Ambiguous). The same for a read is Unavailable.
func ProblemOf(err error) *problem.Error {
	if err == nil {
		return nil
	}
	var own *problem.Error
	if errors.As(err, &own) {
		return own
	}
	if temporal.IsWorkflowExecutionAlreadyStartedError(err) {
		return withRemedy(problem.Wrap(problem.Conflict, operation(err), err), "it is running already; look at its status")
	}
	// The outermost verdict counts: a timeout holds the last attempt's answer as its cause, and that answer says
	// nothing about the attempt that was running when time was up.
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		if p := verdict(inner, err); p != nil {
			return p
		}
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return problem.Wrap(problem.Unavailable, operation(err), err) // the caller's own patience ended
	}
	return problem.Wrap(problem.Bug, operation(err), err)
}

// verdict reads one link of err's chain, or is nil when the link only wraps.
func verdict(link, err error) *problem.Error {
	op := operation(err)
	switch e := link.(type) {
	case *temporal.ApplicationError:
		return ofApplication(op, e, err)
	case *temporal.TimeoutError:
		return ofTimeout(op, e, err)
	case *temporal.CanceledError:
		return withRemedy(problem.New(interrupted(err), op, "it was cancelled"), "the next pass looks at the tenant again")
	case *temporal.TerminatedError:
		return withRemedy(problem.New(problem.Ambiguous, op, "it was terminated"), "the next pass looks at the tenant again")
	case *temporal.ServerError:
		return problem.Wrap(problem.Unavailable, op, err)
	case *temporal.PanicError:
		return problem.Wrap(problem.Bug, op, err)
	default:
		return nil
	}
}

func ofApplication(op string, app *temporal.ApplicationError, err error) *problem.Error {
	kind := problem.Kind(app.Type())
	if !slices.Contains(problem.Kinds(), kind) {
		return problem.Wrap(problem.Bug, op, err)
	}
	if carried := details(app); carried != nil && carried.Kind == kind {
		return carried
	}
	p := problem.New(kind, op, app.Message())
	p.RetryAfter = app.NextRetryDelay()
	return p
}

// details is the carried problem, or nil. Reading details that never crossed the wire panics in the SDK when the
// types differ.
func details(app *temporal.ApplicationError) (carried *problem.Error) {
	defer func() {
		if recover() != nil {
			carried = nil
		}
	}()
	var p problem.Error
	if !app.HasDetails() || app.Details(&p) != nil {
		return nil
	}
	return &p
}

func ofTimeout(op string, timeout *temporal.TimeoutError, err error) *problem.Error {
	p := problem.New(interrupted(err), op, "")
	switch timeout.TimeoutType() {
	case enumspb.TIMEOUT_TYPE_SCHEDULE_TO_START:
		p.Detail = "no worker took it in time"
		p.Remedy = "start a worker that serves this tenant and holds its credential"
	case enumspb.TIMEOUT_TYPE_HEARTBEAT:
		p.Detail = "the worker that ran it was lost"
		p.Remedy = "nothing, unless it repeats; then look at that worker's log"
	case enumspb.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE:
		p.Detail = "it was not done within its window"
		p.Remedy = "check that a worker serves this tenant and that its Graph endpoint answers"
	default:
		p.Detail = "it ran longer than it may"
		p.Remedy = "check that the tenant's Graph endpoint answers in time"
	}
	var last *temporal.ApplicationError
	if errors.As(timeout.Unwrap(), &last) {
		p.Detail += "; the answer before: " + last.Message()
	}
	return p
}

// interrupted is the kind of something that ended without an answer. Only an activity that is known to read is
// harmless: a workflow may hold writes, and a cancellation that does not wait says nothing of the activity.
func interrupted(err error) problem.Kind {
	var (
		workflow *temporal.WorkflowExecutionError
		child    *temporal.ChildWorkflowExecutionError
		activity *temporal.ActivityError
	)
	if errors.As(err, &workflow) || errors.As(err, &child) || !errors.As(err, &activity) {
		return problem.Ambiguous
	}
	if strings.HasPrefix(activity.ActivityType().GetName(), WritePrefix) {
		return problem.Ambiguous
	}
	return problem.Unavailable
}

// operation names what failed: the innermost activity, else the child workflow.
func operation(err error) string {
	var activity *temporal.ActivityError
	if errors.As(err, &activity) {
		return "activity " + activity.ActivityType().GetName()
	}
	var child *temporal.ChildWorkflowExecutionError
	if errors.As(err, &child) {
		return "workflow " + child.WorkflowType()
	}
	return "unexpected failure"
}

func withRemedy(p *problem.Error, remedy string) *problem.Error {
	p.Remedy = remedy
	return p
}
