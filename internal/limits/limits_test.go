package limits

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"entente.dev/entente/internal/problem"
)

// TestNeverAbovePublished: in no window of the published length does more go out than the quota allows.
func TestNeverAbovePublished(t *testing.T) {
	for _, class := range Classes() {
		for _, size := range []Size{Small, Medium, Large} {
			synctest.Test(t, func(t *testing.T) {
				b, q := New(Options{Size: size, MaxWait: time.Hour}), Published(class, size)
				began, spent := time.Now(), 0
				var at []time.Duration
				cost := max(q.Amount/50, 1)
				for spent < 3*q.Amount {
					if err := b.Wait(t.Context(), class, cost); err != nil {
						t.Fatal(err)
					}
					spent += cost
					at = append(at, time.Since(began))
				}
				for i := range at {
					n := 0
					for _, when := range at[i:] {
						if when < at[i]+q.Period {
							n += cost
						}
					}
					if n > q.Amount+cost {
						t.Fatalf("%s %s: %d in a window of %v, quota %d", class, size, n, q.Period, q.Amount)
					}
				}
				if elapsed := time.Since(began); elapsed > 5*q.Period {
					t.Errorf("%s %s: three quotas took %v", class, size, elapsed)
				}
			})
		}
	}
}

func TestThrottledBlocksAndRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(Options{Size: Large})
		if err := b.Wait(t.Context(), Identity, 1); err != nil {
			t.Fatal(err)
		}
		b.Observe(Identity, Observation{Throttled: true, RetryAfter: 45 * time.Second})
		err := b.Wait(t.Context(), Identity, 1)
		if problem.KindOf(err) != problem.Throttled || problem.Of(err).RetryAfter != 45*time.Second {
			t.Fatal(err)
		}
		if err := b.Wait(t.Context(), Reports, 1); err != nil {
			t.Fatalf("another class is blocked too: %v", err)
		}
		time.Sleep(20 * time.Second)
		began := time.Now()
		if err := b.Wait(t.Context(), Identity, 1); err != nil || time.Since(began) != 25*time.Second {
			t.Fatalf("%v after %v", err, time.Since(began))
		}
		low := b.Levels()[0].Factor
		time.Sleep(10 * time.Minute)
		if high := b.Levels()[0].Factor; low >= 1 || high != 1 {
			t.Fatalf("factor %v, later %v", low, high)
		}
	})
}

func TestWarningsSlowDownOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(Options{})
		for range 50 {
			b.Observe(Identity, Observation{Percentage: 0.9})
		}
		if f := b.Levels()[0].Factor; f != 0.8 {
			t.Fatalf("one congestion slowed down to %v", f)
		}
		for range 100 {
			time.Sleep(2 * time.Second)
			b.Observe(Identity, Observation{Throttled: true, RetryAfter: time.Millisecond})
		}
		if f := b.Levels()[0].Factor; f != floor {
			t.Fatalf("factor %v", f)
		}
	})
}

func TestRealCostIsPaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(Options{})
		_ = b.Wait(t.Context(), Identity, 1)
		before := b.Levels()[0].Available
		b.Observe(Identity, Observation{Estimated: 1, Units: 6})
		if after := b.Levels()[0].Available; before-after != 5 {
			t.Fatalf("%v → %v", before, after)
		}
	})
}

func TestWaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(Options{MaxWait: time.Hour})
		b.Observe(Identity, Observation{Throttled: true, RetryAfter: time.Minute})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := b.Wait(ctx, Identity, 1); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
	})
	var none *Budget
	none.Observe(Identity, Observation{Throttled: true})
	if err := none.Wait(t.Context(), Identity, 1); err != nil || none.Levels() != nil {
		t.Fatal("a nil budget never waits")
	}
}

func TestSizeFollowsUsers(t *testing.T) {
	b := New(Options{Share: 1})
	_ = b.Wait(t.Context(), Identity, 1)
	for users, perSecond := range map[int]float64{0: 350, 49: 350, 50: 500, 500: 500, 501: 800} {
		b.SetUsers(users)
		if got := b.Levels()[0].PerSecond; got != perSecond {
			t.Errorf("%d users: %v a second", users, got)
		}
	}
}
