// Package clock is the simulator's virtual time: it can run at a multiple of real time, stand still, and be
// driven by hand. Tokens and replication follow the wall clock, because clients compare them with their own;
// everything else (cycles, retention, the recycle bin) follows this one.
package clock

import (
	"sync"
	"time"
)

// Clock is a drivable clock, safe for concurrent use.
type Clock struct {
	mu      sync.Mutex
	virtual time.Time // at the moment real
	real    time.Time
	factor  float64
	changed chan struct{}
}

// New starts a clock at the given time; factor 1 is real time, 0 stands still until Advance.
func New(start time.Time, factor float64) *Clock {
	return &Clock{virtual: start, real: time.Now(), factor: factor, changed: make(chan struct{})}
}

func (c *Clock) now() time.Time {
	return c.virtual.Add(time.Duration(float64(time.Since(c.real)) * c.factor))
}

// Now is the virtual time, in UTC.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now().UTC()
}

// Advance moves the clock forward; a negative duration is ignored.
func (c *Clock) Advance(d time.Duration) {
	if d < 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.virtual, c.real = c.now().Add(d), time.Now()
	c.wake()
}

// Set puts the clock to a time, also an earlier one.
func (c *Clock) Set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.virtual, c.real = at, time.Now()
	c.wake()
}

// SetFactor changes the speed from now on: 1 real time, 60 a minute a second, 0 manual.
func (c *Clock) SetFactor(f float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.virtual, c.real, c.factor = c.now(), time.Now(), max(f, 0)
	c.wake()
}

// Factor is the present speed.
func (c *Clock) Factor() float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.factor
}

// WakeAt returns a channel that is closed once Now is t or later, and a function that gives the wake-up back.
func (c *Clock) WakeAt(t time.Time) (<-chan struct{}, func()) {
	wake, done := make(chan struct{}), make(chan struct{})
	go func() {
		for {
			changed := c.Changed()
			left := t.Sub(c.Now())
			if left <= 0 {
				close(wake)
				return
			}
			var timer <-chan time.Time
			if f := c.Factor(); f > 0 {
				timer = time.After(time.Duration(float64(left)/f) + time.Millisecond)
			}
			select {
			case <-timer:
			case <-changed:
			case <-done:
				return
			}
		}
	}()
	return wake, sync.OnceFunc(func() { close(done) })
}

// Changed is closed when the clock is next advanced or its speed changes, so that sleepers can look again.
func (c *Clock) Changed() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changed
}

func (c *Clock) wake() {
	close(c.changed)
	c.changed = make(chan struct{})
}
