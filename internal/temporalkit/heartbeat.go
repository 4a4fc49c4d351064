package temporalkit

import (
	"context"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
)

// cursor remembers the last heartbeat details of one activity execution and repeats them: a heartbeat replaces the
// details, so an empty one would throw away the cursor that a retry resumes from.
type cursor struct {
	mu      sync.Mutex
	details []any
	set     bool
}

// start heartbeats at a third of the timeout until the returned function is called. Without a timeout it does
// nothing. A lost worker is noticed by the missing beats; a hung call by start-to-close, not by this.
func (c *cursor) start(ctx context.Context, timeout time.Duration) (stop func()) {
	if timeout <= 0 {
		return func() {}
	}
	c.inherit(ctx)
	done := make(chan struct{})
	var wait sync.WaitGroup
	wait.Go(func() {
		tick := time.NewTicker(max(timeout/3, 10*time.Millisecond))
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-ctx.Done():
				return
			case <-tick.C:
				activity.RecordHeartbeat(ctx) // activityOutbound adds the details
			}
		}
	})
	return func() { close(done); wait.Wait() }
}

// inherit takes over what the attempt before left, undecoded.
func (c *cursor) inherit(ctx context.Context) {
	var raw converter.RawValue
	if activity.HasHeartbeatDetails(ctx) && activity.GetHeartbeatDetails(ctx, &raw) == nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		if !c.set {
			c.details = []any{raw}
		}
	}
}

// send keeps new details, or repeats the last ones, one call at a time: an older cursor never follows a newer one.
func (c *cursor) send(details []any, record func([]any)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(details) > 0 {
		c.details, c.set = details, true
	}
	record(c.details)
}

// activityOutbound sees every heartbeat, also those that the activity records itself.
type activityOutbound struct {
	interceptor.ActivityOutboundInterceptorBase
	beats *cursor
}

func (o *activityOutbound) RecordHeartbeat(ctx context.Context, details ...any) {
	o.beats.send(details, func(last []any) { o.Next.RecordHeartbeat(ctx, last...) })
}
