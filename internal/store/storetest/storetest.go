package storetest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
)

// Database is one database of a backend. It outlives the stores that are opened on it.
type Database interface {
	// Open opens the database; the suite closes it.
	Open(ctx context.Context) (store.Store, error)
	// Exec runs a statement without placeholders beside the store.
	Exec(tb testing.TB, statement string)
}

// Run runs the suite; create makes an empty database for one test.
func Run(t *testing.T, create func(tb testing.TB) Database) {
	for name := range suite() {
		RunParts(t, create, name)
	}
}

// RunParts runs the tests of these names, for something that offers a part of the store.
func RunParts(t *testing.T, create func(tb testing.TB) Database, names ...string) {
	for _, name := range names {
		test := suite()[name]
		if test == nil {
			t.Fatalf("the suite has no test %q", name)
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, create(t))
		})
	}
}

func suite() map[string]func(*testing.T, Database) {
	return map[string]func(*testing.T, Database){
		"topologies":                  topologies,
		"parallel topologies":         parallelTopologies,
		"snapshots":                   snapshots,
		"snapshots keep the newest":   snapshotsKept,
		"snapshots unchanged":         snapshotsUnchanged,
		"snapshots arrive late":       snapshotsLate,
		"snapshots in parallel":       snapshotsParallel,
		"snapshots sealed or not":     snapshotsSealed,
		"plans":                       plans,
		"requests":                    requests,
		"final requests stay":         requestsFinal,
		"envelopes":                   envelopes,
		"request people":              requestPeople,
		"request people replaced":     requestPeopleReplaced,
		"request people search":       requestPeopleSearch,
		"request people pages":        requestPeoplePages,
		"request people in parallel":  requestPeopleParallel,
		"request twins":               requestTwins,
		"request facts":               requestFacts,
		"describe a request":          describe,
		"request askers":              requestAskers,
		"links":                       links,
		"owned objects":               owned,
		"holds":                       holds,
		"holds that are over":         holdsEnd,
		"holds that are new":          holdsNew,
		"inclusions":                  inclusions,
		"conversions":                 conversions,
		"share statuses":              shareStatuses,
		"tenant statuses":             tenantStatuses,
		"runs":                        runs,
		"coverage":                    coverages,
		"coverage is replaced":        coverageReplaced,
		"coverage search":             coverageSearch,
		"coverage pages":              coveragePages,
		"coverage read while written": coverageWhileWritten,
		"reductions":                  reductions,
		"ledger":                      ledgerChain,
		"ledger in parallel":          ledgerParallel,
		"ledger tampered":             ledgerTampered,
		"ledger forged":               ledgerForged,
		"ledger text":                 ledgerText,
		"ledger in groups":            ledgerGroups,
		"ledger subjects":             ledgerSubjects,
		"ledger tree":                 ledgerTree,
		"ledger about many people":    ledgerManyPeople,
		"bad input":                   badInput,
		"organizations are apart":     apart,
		"reopen":                      reopen,
		"parallel opening":            parallelOpening,
		"a newer schema":              newerSchema,
		"closed":                      closed,
		"cancelled":                   cancelled,
	}
}

const org = "contoso"

var (
	day = time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC)
	bc  = ident.Share{Source: "b", Target: "c"}
	ba  = ident.Share{Source: "b", Target: "a"}
	ab  = ident.Share{Source: "a", Target: "b"}
)

func at(hours int) time.Time { return day.Add(time.Duration(hours) * time.Hour) }

func who(id string) ident.Person { return ident.Person{Home: "b", ID: id} }

// open opens a database for the length of the test.
func open(tb testing.TB, d Database) store.Store {
	tb.Helper()
	s, err := d.Open(tb.Context())
	ok(tb, err)
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Errorf("close: %v", err)
		}
	})
	return s
}

func ok(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// is checks the kind of an error, and that it tells what was done.
func is(tb testing.TB, err error, kind problem.Kind) {
	tb.Helper()
	var e *problem.Error
	if !errors.As(err, &e) || e.Kind != kind {
		tb.Fatalf("got %v, want %s", err, kind)
	}
	if e.Op == "" || e.Detail == "" {
		tb.Errorf("the error does not say what failed: %#v", e)
	}
}

// same compares values; empty and missing slices are the same to every reader.
func same(tb testing.TB, got, want any) {
	tb.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(problem.Error{})); diff != "" {
		tb.Fatalf("-want +got\n%s", diff)
	}
}

// value unwraps a result whose error must be nil.
func value[T any](tb testing.TB) func(T, error) T {
	return func(v T, err error) T {
		tb.Helper()
		ok(tb, err)
		return v
	}
}

// parallel runs f n times at once and fails on the first error.
func parallel(tb testing.TB, n int, f func(i int) error) {
	tb.Helper()
	errs := make(chan error, n)
	for i := range n {
		go func() { errs <- f(i) }()
	}
	var all []string
	for range n {
		if err := <-errs; err != nil {
			all = append(all, err.Error())
		}
	}
	if len(all) > 0 {
		slices.Sort(all)
		tb.Fatal(strings.Join(all, "\n"))
	}
}
