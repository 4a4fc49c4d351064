package engine

import (
	"sync"
	"time"
)

// Clock is the time the engine lives in. Real, accelerated and manual clocks implement it alike, because
// the engine never sleeps: it asks to be woken when the clock has reached an instant.
type Clock interface {
	Now() time.Time
	// WakeAt returns a channel that is closed or receives once Now is t or later (at once if it already is),
	// and a function that gives the wake-up back.
	WakeAt(t time.Time) (wake <-chan struct{}, stop func())
}

// RealClock is the machine's time.
func RealClock() Clock { return AcceleratedClock(time.Time{}, 1) }

// AcceleratedClock starts at start (zero: now) and runs factor times as fast as the machine's time.
func AcceleratedClock(start time.Time, factor float64) Clock {
	began := time.Now()
	if start.IsZero() {
		start = began.UTC()
	}
	if factor <= 0 {
		factor = 1
	}
	return &scaledClock{began: began, start: start, factor: factor}
}

type scaledClock struct {
	began, start time.Time
	factor       float64
}

func (c *scaledClock) Now() time.Time {
	return c.start.Add(time.Duration(float64(time.Since(c.began)) * c.factor)).UTC()
}

func (c *scaledClock) WakeAt(t time.Time) (<-chan struct{}, func()) {
	wake := make(chan struct{})
	timer := time.AfterFunc(time.Duration(float64(t.Sub(c.Now()))/c.factor)+time.Millisecond, func() { close(wake) })
	return wake, func() { timer.Stop() }
}

// ManualClock stands still until it is moved.
type ManualClock struct {
	mu      sync.Mutex
	now     time.Time
	waiting map[chan struct{}]time.Time
}

// NewManualClock returns a clock that shows start.
func NewManualClock(start time.Time) *ManualClock {
	return &ManualClock{now: start.UTC(), waiting: map[chan struct{}]time.Time{}}
}

// Now is where the clock stands.
func (c *ManualClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock and wakes whoever waited for the time passed.
func (c *ManualClock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	for wake, at := range c.waiting {
		if !at.After(c.now) {
			close(wake)
			delete(c.waiting, wake)
		}
	}
}

// WakeAt implements Clock.
func (c *ManualClock) WakeAt(t time.Time) (<-chan struct{}, func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	wake := make(chan struct{})
	if !t.After(c.now) {
		close(wake)
		return wake, func() {}
	}
	c.waiting[wake] = t
	return wake, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.waiting, wake)
	}
}
