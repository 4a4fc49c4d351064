package storetest

import (
	"fmt"
	"testing"

	"entente.dev/entente/internal/coverage"
	"entente.dev/entente/internal/store"
)

// Benchmark measures what grows with an organization: the matrix, its search, snapshots, the ledger.
func Benchmark(b *testing.B, create func(tb testing.TB) Database) {
	b.Run("PutCoverage100k", func(b *testing.B) {
		s := open(b, create(b))
		matrices := []coverage.Coverage{Matrix(100_000, coverage.Member), Matrix(100_000, coverage.Guest)}
		for i := 0; b.Loop(); i++ {
			ok(b, s.PutCoverage(b.Context(), org, matrices[i%2], at(i)))
		}
	})
	b.Run("SearchCoverage100k", func(b *testing.B) {
		s := open(b, create(b))
		ok(b, s.PutCoverage(b.Context(), org, Matrix(100_000, coverage.Member), day))
		for b.Loop() {
			c, _, err := s.Coverage(b.Context(), org, store.CoverageFilter{Person: "Person 99999", Limit: 100})
			ok(b, err)
			same(b, len(c.Rows), 1)
		}
	})
	b.Run("PageCoverage100k", func(b *testing.B) {
		s := open(b, create(b))
		ok(b, s.PutCoverage(b.Context(), org, Matrix(100_000, coverage.Member), day))
		for b.Loop() {
			c, _, err := s.Coverage(b.Context(), org, store.CoverageFilter{After: "person0090000@b.example", Limit: 100})
			ok(b, err)
			same(b, len(c.Rows), 100)
		}
	})
	b.Run("PutRequestPeople100k", func(b *testing.B) {
		s := open(b, create(b))
		for i := 0; b.Loop(); i++ {
			ok(b, s.PutRequestPeople(b.Context(), org, "r", Asking(100_000, fmt.Sprint("digest", i)), nil))
		}
	})
	b.Run("Append", func(b *testing.B) {
		s := open(b, create(b))
		i := 0
		for ; b.Loop(); i++ {
			value[store.Entry](b)(s.Append(b.Context(), entry(fmt.Sprint(i))))
		}
		b.ReportMetric(float64(i)/b.Elapsed().Seconds(), "entries/s")
	})
	b.Run("PutSnapshot10k", func(b *testing.B) {
		s := open(b, create(b))
		for i := 0; b.Loop(); i++ {
			value[store.SnapshotRef](b)(s.PutSnapshot(b.Context(), org, snapshot(10_000+i%2, i), true, store.Cursor{}))
		}
	})
	b.Run("LatestSnapshot10k", func(b *testing.B) {
		s := open(b, create(b))
		value[store.SnapshotRef](b)(s.PutSnapshot(b.Context(), org, snapshot(10_000, 0), true, store.Cursor{}))
		for b.Loop() {
			snap, _, _, err := s.LatestSnapshot(b.Context(), org, "b")
			ok(b, err)
			same(b, len(snap.Users), 10_000)
		}
	})
}
