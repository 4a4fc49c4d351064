package limits

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"entente.dev/entente/internal/problem"
)

const (
	defaultMaxWait = 30 * time.Second
	fallbackPause  = 10 * time.Second // a 429 without Retry-After
	floor          = 0.1              // of the published rate, whatever the answers say
	recoverEvery   = 10 * time.Second
	recoverStep    = 0.1
)

// Options configure a Budget. The zero value is right for a tenant of unknown size.
type Options struct {
	Size Size // Small when empty: the most careful
	// Share is the part of the quota this process may use, 0 < Share ≤ 1; 0 means 0.8, which leaves room
	// for the other apps of the tenant and stays under the level at which Graph starts to warn.
	Share float64
	// MaxWait is how long Wait holds a caller. A longer wait fails with Throttled at once, so that the
	// retry's owner sleeps durably instead of a goroutine. 0 means 30 s.
	MaxWait time.Duration
	Now     func() time.Time // tests; nil means time.Now
}

// Budget is the token buckets of one tenant. It is safe for concurrent use.
type Budget struct {
	mu      sync.Mutex
	size    Size
	share   float64
	maxWait time.Duration
	now     func() time.Time
	buckets map[Class]*bucket
}

type bucket struct {
	limiter      *rate.Limiter
	factor       float64 // learned: 1 = the published rate times share
	adjusted     time.Time
	blockedUntil time.Time
}

// New makes the budget of one tenant.
func New(o Options) *Budget {
	b := &Budget{size: o.Size, share: o.Share, maxWait: o.MaxWait, now: o.Now, buckets: map[Class]*bucket{}}
	if b.size == "" {
		b.size = Small
	}
	if b.share <= 0 || b.share > 1 {
		b.share = 0.8
	}
	if b.maxWait <= 0 {
		b.maxWait = defaultMaxWait
	}
	if b.now == nil {
		b.now = time.Now
	}
	return b
}

// SetUsers tells how many users the tenant has, which decides its quota.
func (b *Budget) SetUsers(users int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if size := SizeOf(users); size != b.size {
		b.size = size
		for class, k := range b.buckets {
			b.apply(class, k)
		}
	}
}

// Wait takes cost from a class, waiting for it if need be. It fails with the context's error, or with
// Throttled and the time to wait where that is longer than MaxWait; the piece that had to wait is then not
// taken. A nil Budget never waits. A cost above the burst is taken in pieces.
func (b *Budget) Wait(ctx context.Context, class Class, cost int) error {
	if b == nil {
		return ctx.Err()
	}
	for cost > 0 {
		delay, taken := b.reserve(class, cost)
		if delay > b.maxWait {
			err := problem.New(problem.Throttled, "wait for the "+string(class)+" quota", "the tenant's quota is used up for now")
			err.RetryAfter = delay
			return err
		}
		if err := sleep(ctx, delay); err != nil {
			return err
		}
		cost -= taken
	}
	return ctx.Err()
}

// reserve takes up to one burst and tells how long the caller has to wait for it. Where the wait is longer
// than allowed, it gives the tokens back.
func (b *Budget) reserve(class Class, cost int) (time.Duration, int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	k, now := b.bucket(class), b.now()
	b.recover(class, k, now)
	if blocked := k.blockedUntil.Sub(now); blocked > b.maxWait {
		return blocked, 0
	}
	piece := min(cost, k.limiter.Burst())
	r := k.limiter.ReserveN(now, piece)
	delay := max(r.DelayFrom(now), k.blockedUntil.Sub(now), 0)
	if delay > b.maxWait {
		r.CancelAt(now)
		return delay, 0
	}
	return delay, piece
}

// Observation is what one answer said about the quota.
type Observation struct {
	Estimated  int           // what Wait took
	Units      int           // x-ms-resource-unit; 0 when absent
	Percentage float64       // x-ms-throttle-limit-percentage, 0.8 to 1.8; 0 when absent
	Throttled  bool          // 429, or an item of a batch with 429
	RetryAfter time.Duration // of a throttled answer; 0 when absent
}

// Observe learns from an answer. A nil Budget learns nothing.
func (b *Budget) Observe(class Class, o Observation) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	k, now := b.bucket(class), b.now()
	if extra := o.Units - o.Estimated; o.Units > 0 && extra > 0 {
		k.limiter.ReserveN(now, min(extra, k.limiter.Burst())) // the debt is paid by whoever comes next
	}
	switch {
	case o.Throttled:
		pause := o.RetryAfter
		if pause <= 0 {
			pause = fallbackPause
		}
		if until := now.Add(pause); until.After(k.blockedUntil) {
			k.blockedUntil = until
		}
		b.slow(class, k, 0.5, now)
	case o.Percentage >= 0.8:
		b.slow(class, k, 0.8, now)
	}
}

// Level is the state of one class, for metrics and for people.
type Level struct {
	Class        Class
	PerSecond    float64
	Available    float64
	Burst        float64 // what a full bucket holds
	Factor       float64 // 1: the published rate; less: learned to go slower
	BlockedUntil time.Time
}

// Levels returns the classes that were used, in the order of Classes.
func (b *Budget) Levels() []Level {
	if b == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	var levels []Level
	for _, class := range Classes() {
		if k, ok := b.buckets[class]; ok {
			now := b.now()
			b.recover(class, k, now)
			levels = append(levels, Level{class, float64(k.limiter.Limit()), k.limiter.TokensAt(now), float64(k.limiter.Burst()), k.factor, k.blockedUntil})
		}
	}
	return levels
}

func (b *Budget) bucket(class Class) *bucket {
	k, ok := b.buckets[class]
	if !ok {
		q := Published(class, b.size)
		k = &bucket{limiter: rate.NewLimiter(q.rate()*rate.Limit(b.share), q.burst(b.share)), factor: 1, adjusted: b.now()}
		b.buckets[class] = k
	}
	return k
}

// slow lowers the rate at most once a second: a burst of answers reports one and the same congestion.
func (b *Budget) slow(class Class, k *bucket, by float64, now time.Time) {
	if k.factor < 1 && now.Sub(k.adjusted) < time.Second {
		return
	}
	k.factor, k.adjusted = max(k.factor*by, floor), now
	b.apply(class, k)
}

// recover raises the rate again, a step for every quiet period since the last change.
func (b *Budget) recover(class Class, k *bucket, now time.Time) {
	steps := int(now.Sub(k.adjusted) / recoverEvery)
	if k.factor >= 1 || steps < 1 {
		return
	}
	k.factor = min(1, k.factor+float64(steps)*recoverStep)
	k.adjusted = k.adjusted.Add(time.Duration(steps) * recoverEvery)
	b.apply(class, k)
}

func (b *Budget) apply(class Class, k *bucket) {
	q, now := Published(class, b.size), b.now()
	k.limiter.SetLimitAt(now, q.rate()*rate.Limit(b.share*k.factor))
	k.limiter.SetBurstAt(now, q.burst(b.share))
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
