package sqlite_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/store"
)

// BenchmarkLedgerAppends measures 64 callers that append one entry each, again and again, with every commit
// synced. The baseline is one caller in the same file: one transaction for each append.
func BenchmarkLedgerAppends(b *testing.B) {
	const limit, callers = 5000.0, 64
	s, err := create(b).Open(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	}()
	n := 0
	for b.Loop() {
		n++
		baseline := appends(b, s, fmt.Sprint("one", n), 1, 300)
		rate := appends(b, s, fmt.Sprint("many", n), callers, 400)
		b.ReportMetric(rate, "appends/s")
		fmt.Printf("figure ledger appends: %.0f appends/s, %d callers (limit at least %.0f; baseline %.0f: one transaction for each append)\n",
			rate, callers, limit, baseline)
		if rate < limit {
			b.Errorf("%.0f appends a second, under the limit of %.0f", rate, limit)
		}
	}
}

// appends returns how many a second callers append, each of them each entries.
func appends(b *testing.B, s store.Store, name string, callers, each int) float64 {
	b.Helper()
	share := ident.Share{Source: "b", Target: "c"}
	var all sync.WaitGroup
	began := time.Now()
	for c := range callers {
		all.Go(func() {
			for i := range each {
				_, err := s.Append(b.Context(), store.Entry{
					Org: "contoso", At: began, Actor: "run/contoso/b/c/7", Verb: "set-type-Member", Object: "9a000000-0000-4000-8000-000000000001", Tenant: "c",
					Share: &share, Key: fmt.Sprint(name, "/", c, "/", i), People: []string{fmt.Sprint("c/", name, c, i)},
					Data: map[string]string{"requestId": "c0ffee00-0000-4000-8000-000000000000", "before": "a", "after": "b"},
				})
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	return float64(callers*each) / time.Since(began).Seconds()
}
