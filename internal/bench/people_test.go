package bench

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"entente.dev/entente/internal/api"
	"entente.dev/entente/internal/api/apitest"
	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/store/postgres"
	"entente.dev/entente/internal/store/sqlite"
	"entente.dev/entente/internal/store/storetest"
	"entente.dev/entente/internal/testkit/postgrestest"
)

// BenchmarkRequestPage is what a tenant's admin waits for before saying yes to 100,000 people, through the HTTP API:
// the request, its first page of people, a search, a filter. The baseline reads the plan for every page, as a list
// without rows would.
func BenchmarkRequestPage(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) {
		s, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "entente.db"))
		if err != nil {
			b.Fatal(err)
		}
		requestPage(b, s)
	})
	b.Run("postgres", func(b *testing.B) {
		s, err := postgres.Open(b.Context(), postgrestest.Start(b, postgrestest.Durable).Database(b))
		if err != nil {
			b.Fatal(err)
		}
		requestPage(b, s)
	})
}

func requestPage(b *testing.B, s store.Store) {
	const people, limit = 100_000, 200
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	share := ident.Share{Source: "b", Target: "c"}
	r := store.Request{ID: "r", Org: apitest.Org, Kind: "acceptance", Share: share, Tenant: "c", PlanDigest: "asking", Status: store.Waiting, People: people}
	p := storetest.Asking(people, r.PlanDigest)
	home := &directory.Snapshot{Tenant: "b", TenantID: "0b", TakenAt: time.Now(), Read: directory.Collections()}
	for i, e := range p.Effects {
		p.Desired.Members = append(p.Desired.Members, e.Person.ID)
		home.Users = append(home.Users, directory.User{ID: e.Person.ID, UserPrincipalName: e.UPN, Mail: fmt.Sprintf("mail%d@b.example", i), Department: []string{"Sales", "Legal"}[i%2]})
	}
	_, err := s.PutSnapshot(b.Context(), r.Org, home, true, store.Cursor{})
	for _, err := range []error{err, s.PutSharePlan(b.Context(), r.Org, p), s.PutRequest(b.Context(), r)} {
		if err != nil {
			b.Fatal(err)
		}
	}
	started := time.Now()
	if err := store.Describe(b.Context(), s, r); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(time.Since(started).Milliseconds()), "describe-ms")
	w := apitest.New(b, func(d *api.Deps) { d.Store = s })
	base := "/v1/organizations/" + apitest.Org + "/requests/r"
	baseline := slowest(b, 5, func() {
		if read, err := s.SharePlan(b.Context(), r.Org, r.PlanDigest); err != nil || len(read.Effects) != people {
			b.Fatalf("read the plan: %v", err)
		}
	})
	b.ReportMetric(float64(slowest(b, 3, func() { fetch(b, w, base+"/people?rule=department:sal*") }).Milliseconds()), "rule-ms")
	for name, paths := range map[string][]string{
		"page":   {base, base + "/people"},
		"deep":   {base + "/people?after=99800"},
		"search": {base + "/people?search=person+99998"},
		"nobody": {base + "/people?search=no+such+person"},
		"filter": {base + "/people?action=skip&from=absent&limit=1000"},
	} {
		var times []time.Duration
		for range 40 {
			times = append(times, slowest(b, 1, func() {
				for _, path := range paths {
					fetch(b, w, path)
				}
			}))
		}
		slices.Sort(times)
		p95 := float64(times[len(times)*95/100].Microseconds()) / 1000
		b.ReportMetric(p95, "p95-ms/"+name)
		fmt.Printf("request of %d people, %s: p95 %.1f ms (limit %d; baseline %d ms: the plan read for every page)\n", people, name, p95, limit, baseline.Milliseconds())
		if p95 > limit {
			b.Errorf("%s takes %.1f ms, over its limit of %d", name, p95, limit)
		}
	}
	for b.Loop() {
		fetch(b, w, base+"/people")
	}
	if got := len(p.Effects); got != people || p.Effects[7].Action != plan.Skip {
		b.Errorf("the plan has %d people", got)
	}
}

func slowest(b *testing.B, n int, f func()) time.Duration {
	b.Helper()
	var most time.Duration
	for range n {
		started := time.Now()
		f()
		most = max(most, time.Since(started))
	}
	return most
}

func fetch(b *testing.B, w *apitest.World, path string) {
	b.Helper()
	r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, path, nil)
	r.Header.Set("Authorization", "Bearer "+apitest.Token("c-admin"))
	answer := httptest.NewRecorder()
	w.Handler.ServeHTTP(answer, r)
	if answer.Code != http.StatusOK {
		b.Fatalf("%s: %d %s", path, answer.Code, answer.Body)
	}
}
