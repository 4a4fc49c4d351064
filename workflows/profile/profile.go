// Package profile holds the named option profiles of activities and children, and the bounded fan-out. It is
// the only place with durations: a workflow says Read, Write, Create or Core and nothing else.
//
// Every activity has a start-to-close and a schedule-to-close time: nothing retries for ever without a
// window. Long waits are durable timers of the workflow, paced by contract.Pace.
package profile

import (
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/temporalkit/failure"
)

// heartbeat is how soon a lost worker is noticed. Activities beat by themselves at a third of it.
const heartbeat = 8 * time.Second

// Core is for planning and the store: fast, local, retried through a restart of the database.
func Core(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              contract.CoreQueue,
		StartToCloseTimeout:    2 * time.Minute,
		ScheduleToCloseTimeout: 30 * time.Minute,
		HeartbeatTimeout:       heartbeat,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: 500 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: 30 * time.Second},
	})
}

// Read is for reads of a tenant; a directory of a million users takes its time, so that the page cursor travels
// with the heartbeat.
func Read(ctx workflow.Context, t contract.TenantRef) workflow.Context {
	return onTenant(ctx, t, 30*time.Minute, 45*time.Minute, 0)
}

// Observe is for the tenant's own clock, which observes again by itself: a tenant that stays out of reach becomes a
// problem that people see within a minute, instead of a silent wait of the whole window.
func Observe(ctx workflow.Context, t contract.TenantRef) workflow.Context {
	options := workflow.GetActivityOptions(Read(ctx, t))
	options.RetryPolicy.MaximumAttempts = 5
	return workflow.WithActivityOptions(ctx, options)
}

// Look is for a read that a person waits for: it fails within a minute or so, so that the person hears why.
func Look(ctx workflow.Context, t contract.TenantRef) workflow.Context {
	options := workflow.GetActivityOptions(Read(ctx, t))
	options.RetryPolicy.MaximumAttempts = 3
	options.ScheduleToStartTimeout = 20 * time.Second // nobody serves this tenant
	return workflow.WithActivityOptions(ctx, options)
}

// Write is for writes that are safe to repeat: Temporal repeats them through throttling and outages.
func Write(ctx workflow.Context, t contract.TenantRef) workflow.Context {
	return onTenant(ctx, t, 10*time.Minute, 20*time.Minute, 0)
}

// Create is for creates that Graph would do twice: one attempt, the workflow looks before it tries again.
func Create(ctx workflow.Context, t contract.TenantRef) workflow.Context {
	return onTenant(ctx, t, 2*time.Minute, 20*time.Minute, 1)
}

func onTenant(ctx workflow.Context, t contract.TenantRef, once, window time.Duration, attempts int32) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              contract.TenantQueue(t.TenantID),
		StartToCloseTimeout:    once,
		ScheduleToCloseTimeout: window,
		HeartbeatTimeout:       heartbeat,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute, MaximumAttempts: attempts,
		},
	})
}

// AnnounceFor is how long something is worth telling at most: a channel that does not answer for a day is given up.
const AnnounceFor = 24 * time.Hour

// Announce is for telling people through a channel outside of us: repeated for as long as it is worth saying (life),
// a day at most.
func Announce(ctx workflow.Context, life time.Duration) workflow.Context {
	const once = time.Minute
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              contract.CoreQueue,
		StartToCloseTimeout:    once,
		ScheduleToCloseTimeout: min(max(life, once), AnnounceFor),
		HeartbeatTimeout:       heartbeat,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: 5 * time.Second, BackoffCoefficient: 2, MaximumInterval: 10 * time.Minute},
	})
}

// Child is for a step of a pass: it ends with its parent.
func Child(ctx workflow.Context, id string) workflow.Context {
	return workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID: id, TaskQueue: contract.CoreQueue, ParentClosePolicy: enums.PARENT_CLOSE_POLICY_REQUEST_CANCEL,
		WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
	})
}

// Entity is for an entity that outlives whoever starts it.
func Entity(ctx workflow.Context, id string) workflow.Context {
	return workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID: id, TaskQueue: contract.CoreQueue, ParentClosePolicy: enums.PARENT_CLOSE_POLICY_ABANDON,
	})
}

// Probes is how often, and with how many agreeing absences, an ambiguous create is looked for before it is
// made again. Directory replicas flap: one absence proves nothing.
func Probes(pace contract.Pace) (times int, every time.Duration) {
	return 3, min(max(pace.Poll, time.Second), 15*time.Second)
}

// Backoff is how long an entity waits after the n-th failure in a row before it tries again by itself.
func Backoff(pace contract.Pace, failures int) time.Duration {
	wait := max(pace.Poll, time.Second)
	for range min(failures-1, 8) {
		wait *= 2
	}
	return min(wait, 5*time.Minute)
}

// EngineWindow is how long Microsoft's engine may take before a waiting step asks what is wrong, or helps
// itself where it may: three of its 40-minute cycles, or in a rehearsal the same by pace.
func EngineWindow(pace contract.Pace) time.Duration {
	if pace.Every >= 40*time.Minute {
		return 2 * time.Hour
	}
	return max(20*pace.Every, 20*time.Second)
}

// Recheck is how long an entity waits after the n-th look at something that a person has to repair elsewhere: the
// longer it is broken, the less often, and as often as its tenants are observed at least.
func Recheck(pace contract.Pace, looks int) time.Duration {
	wait := max(pace.Poll, time.Second)
	for range min(looks-1, 10) {
		wait *= 2
	}
	return min(wait, max(pace.Every, pace.Poll, time.Second))
}

// Each runs do for 0…n-1, at most width at a time, and returns every error at its index.
func Each(ctx workflow.Context, n, width int, do func(ctx workflow.Context, i int) error) []error {
	errs := make([]error, n)
	next, running := 0, 0
	for next < n || running > 0 {
		for next < n && running < width {
			i := next
			next++
			running++
			workflow.Go(ctx, func(ctx workflow.Context) {
				errs[i] = do(ctx, i)
				running--
			})
		}
		room := running
		if err := workflow.Await(ctx, func() bool { return running < room || running == 0 }); err != nil {
			return append(errs, err)
		}
	}
	return errs
}

// AwaitFor waits until the condition holds, and no longer than a time. Its timer goes with the wait:
// workflow.AwaitWithTimeout leaves its own running, and one of weeks then wakes the workflow for nothing, one for every
// wait before it.
func AwaitFor(ctx workflow.Context, d time.Duration, condition func() bool) error {
	if condition() {
		return nil
	}
	timing, cancel := workflow.WithCancel(ctx)
	defer cancel()
	timer := workflow.NewTimer(timing, d)
	if err := workflow.Await(ctx, func() bool { return condition() || timer.IsReady() }); err != nil {
		return err
	}
	if condition() {
		return nil
	}
	return ctx.Err() // a cancelled wait makes its timer ready too
}

// UntilDefinite repeats a call that certainly did not happen (throttled, or never sent) and returns any other
// outcome. It is for Create, whose single attempt Temporal must not repeat.
func UntilDefinite(ctx workflow.Context, call func() error) error {
	const tries = 8
	for n := 1; ; n++ {
		err := call()
		p := failure.ProblemOf(err)
		if p == nil || !p.Kind.Retryable() || n == tries {
			return err
		}
		wait := max(p.RetryAfter, time.Duration(n)*time.Second)
		if err := workflow.Sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// IsKind tells whether an error is of one of the kinds.
func IsKind(err error, kinds ...problem.Kind) bool {
	p := failure.ProblemOf(err)
	if p == nil {
		return false
	}
	for _, k := range kinds {
		if p.Kind == k {
			return true
		}
	}
	return false
}
