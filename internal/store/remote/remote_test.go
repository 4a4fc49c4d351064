package remote_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"entente.dev/entente/activities/graphread"
	"entente.dev/entente/activities/graphwrite"
	"entente.dev/entente/internal/api"
	"entente.dev/entente/internal/api/apitest"
	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/store/remote"
	"entente.dev/entente/internal/store/sqlite"
	"entente.dev/entente/internal/store/storetest"
	"entente.dev/entente/internal/topology"
)

// It is everything that the activities of a tenant's queue ask for.
var (
	_ graphread.Store  = (*remote.Store)(nil)
	_ graphwrite.Store = (*remote.Store)(nil)
)

// as asks a world's API with somebody's token.
func as(t testing.TB, w *apitest.World, who string) *remote.Store {
	t.Helper()
	return at(t, w.Server.URL, apitest.Token(who))
}

func at(t testing.TB, url, token string) *remote.Store {
	t.Helper()
	s, err := remote.New(remote.Options{URL: url, Token: func() (string, error) { return token, nil }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// far is a database of which everything that a worker uses goes over HTTP, by a token for all tenants. The rest, which
// prepares and looks, goes straight to it.
type far struct {
	store.Store
	api *remote.Store
}

func (f far) PutSnapshot(ctx context.Context, org string, s *directory.Snapshot, sealed bool, c store.Cursor) (store.SnapshotRef, error) {
	return f.api.PutSnapshot(ctx, org, s, sealed, c)
}

func (f far) LatestSnapshot(ctx context.Context, org string, tenant ident.Tenant) (*directory.Snapshot, store.SnapshotRef, store.Cursor, error) {
	return f.api.LatestSnapshot(ctx, org, tenant)
}

func (f far) PutLinks(ctx context.Context, org string, links []plan.Link) error {
	return f.api.PutLinks(ctx, org, links)
}

func (f far) PutOwned(ctx context.Context, org string, o store.Owned) error {
	return f.api.PutOwned(ctx, org, o)
}

func (f far) DropOwned(ctx context.Context, org, id string) error {
	return f.api.DropOwned(ctx, org, id)
}

func (f far) Owned(ctx context.Context, org string) ([]store.Owned, error) {
	return f.api.Owned(ctx, org)
}

func (f far) Holds(ctx context.Context, org string) ([]plan.Hold, error) {
	return f.api.Holds(ctx, org)
}

func (f far) DropHold(ctx context.Context, org string, person ident.Person, tenant ident.Tenant) error {
	return f.api.DropHold(ctx, org, person, tenant)
}

func (f far) PutConversions(ctx context.Context, org string, c []store.Conversion) error {
	return f.api.PutConversions(ctx, org, c)
}

func (f far) Conversions(ctx context.Context, org string) ([]store.Conversion, error) {
	return f.api.Conversions(ctx, org)
}

func (f far) Append(ctx context.Context, e store.Entry) (store.Entry, error) {
	return f.api.Append(ctx, e)
}

func (f far) AppendAll(ctx context.Context, entries []store.Entry) ([]store.Entry, error) {
	return f.api.AppendAll(ctx, entries)
}

type database struct {
	tb   testing.TB
	file string
}

func (d database) Open(ctx context.Context) (store.Store, error) {
	s, err := sqlite.Open(ctx, d.file)
	if err != nil {
		return nil, err
	}
	w := apitest.New(d.tb, func(deps *api.Deps) { deps.Store = s })
	for _, org := range []string{"contoso", "adatum"} { // organizations that the API knows
		if _, err := s.PutTopology(ctx, store.Revision{Org: org, Digest: "t", Source: []byte(apitest.Topology)}); err != nil {
			return nil, err
		}
	}
	return far{Store: s, api: as(d.tb, w, "worker-all")}, nil
}

func (d database) Exec(tb testing.TB, _ string) {
	tb.Helper()
	tb.Fatal("tampering is no matter of the API")
}

// TestContract runs what the store promises against the API with a database behind it.
func TestContract(t *testing.T) {
	t.Parallel()
	storetest.RunParts(t, func(tb testing.TB) storetest.Database { return database{tb, filepath.Join(tb.TempDir(), "entente.db")} },
		"snapshots", "snapshots keep the newest", "snapshots unchanged", "snapshots arrive late", "snapshots in parallel", "snapshots sealed or not",
		"links", "owned objects", "holds", "holds that are over", "conversions",
		"ledger in parallel", "ledger text", "ledger in groups", "ledger about many people")
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var (
	share = ident.Share{Source: "b", Target: "c"}
	bob   = ident.Person{Home: "b", ID: "bob"}
)

// known is a world that has the topology of its organization.
func known(t testing.TB) *apitest.World {
	t.Helper()
	w := apitest.New(t)
	_, err := w.Store.PutTopology(t.Context(), store.Revision{Org: apitest.Org, Digest: "digest", File: "three.yaml", Source: []byte(apitest.Topology), Author: "pat"})
	must(t, err)
	return w
}

func TestAnObservationSeesItsOwnTenantsTopology(t *testing.T) {
	t.Parallel()
	w := known(t)
	for _, own := range []ident.Tenant{"a", "b", "c"} {
		r, err := as(t, w, "worker-"+string(own)).Topology(t.Context(), apitest.Org, "digest")
		must(t, err)
		got, faults := topology.Parse(r.File, r.Source)
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		if r.Digest != "digest" || r.Org != apitest.Org || got.Name != apitest.Org || len(got.Shares) != 4 || len(got.UserSets) != 3 || r.Author != "" {
			t.Errorf("%s sees %d shares, %d sets: %s", own, len(got.Shares), len(got.UserSets), r.Source)
		}
		for _, s := range got.Shares {
			if s.Source != own && s.Target != own {
				t.Errorf("the worker of %s sees share %s", own, s.Share)
			}
		}
	}
	_, err := as(t, w, "worker-a").Topology(t.Context(), apitest.Org, "none")
	kind(t, err, problem.NotFound)
}

const lists = `apiVersion: entente/v1
kind: Topology
metadata: { name: contoso-group }
tenants:
  - { name: a, tenantId: 0a000000-0000-4000-8000-00000000000a, domain: a.example }
  - { name: b, tenantId: 0b000000-0000-4000-8000-00000000000b, domain: b.example }
  - { name: c, tenantId: 0c000000-0000-4000-8000-00000000000c, domain: c.example }
userSets:
  - { name: a-people, tenant: a, from: { users: [annie@a.example] } }
  - { name: b-people, tenant: b, from: { users: [bob@b.example] } }
protected:
  - { tenant: b, group: Board of B }
  - { tenant: a, users: [chief@a.example] }
shares:
  - { from: a, to: b, sets: [a-people] }
`

func TestPeopleOfOthersAreNotInATopology(t *testing.T) {
	t.Parallel()
	w := known(t)
	_, err := w.Store.PutTopology(t.Context(), store.Revision{Org: apitest.Org, Digest: "lists", Source: []byte(lists)})
	must(t, err)
	for who, names := range map[string][2]string{"worker-a": {"annie@", "bob@"}, "worker-b": {"bob@", "annie@"}, "worker-c": {"withheld", "@b.example"}} {
		r, err := as(t, w, who).Topology(t.Context(), apitest.Org, "lists")
		must(t, err)
		if _, faults := topology.Parse(r.File, r.Source); len(faults) > 0 {
			t.Errorf("%s: %v\n%s", who, faults, r.Source)
		}
		if board := strings.Contains(string(r.Source), "Board of B"); board != (who == "worker-b") || who != "worker-a" && strings.Contains(string(r.Source), "chief@") {
			t.Errorf("%s sees of protected people\n%s", who, r.Source)
		}
		if text := string(r.Source); !strings.Contains(text, names[0]) || strings.Contains(text, names[1]) || who == "worker-c" && strings.Contains(text, "@a.example") {
			t.Errorf("%s sees\n%s", who, text)
		}
	}
}

func TestEachSideSeesItsPartOfAPlan(t *testing.T) {
	t.Parallel()
	w := known(t)
	p := plan.SharePlan{
		Share: share, Digest: "p", Desired: plan.Desired{Members: []string{"bob"}, GroupName: "scope"}, Counts: plan.Counts{People: 1},
		Changes: []plan.Change{{Kind: plan.ScopeAdd, Share: share, Side: plan.Source, Tenant: "b", People: []string{"bob"}}, {Kind: plan.Convert, Share: share, Side: plan.Target, Tenant: "c", People: []string{"bob-in-c"}}},
		Effects: []plan.Effect{{Share: share, Person: bob, UPN: "bob@b.example", Name: "Bob Berg", Tenant: "c", Action: plan.Adopt, ObjectID: "bob-in-c"}},
	}
	must(t, w.Store.PutSharePlan(t.Context(), apitest.Org, &p))
	target, source := p, p
	target.Desired.Members, target.Changes = nil, p.Changes[1:]
	target.Effects = []plan.Effect{{Share: share, Person: bob, Tenant: "c", Action: plan.Adopt, ObjectID: "bob-in-c"}}
	source.Changes, source.Effects = p.Changes[:1], nil
	for who, want := range map[string]plan.SharePlan{"worker-b": source, "worker-c": target} {
		got, err := as(t, w, who).SharePlan(t.Context(), apitest.Org, "p")
		must(t, err)
		if diff := cmp.Diff(&want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: -want +got\n%s", who, diff)
		}
	}
	_, err := as(t, w, "worker-a").SharePlan(t.Context(), apitest.Org, "p")
	kind(t, err, problem.Forbidden)
	_, err = as(t, w, "worker-b").SharePlan(t.Context(), apitest.Org, "none")
	kind(t, err, problem.NotFound)
}

func TestTwoWorkersFollowOneReduction(t *testing.T) {
	t.Parallel()
	w, ctx := known(t), t.Context()
	begun := store.Reduction{ID: "run/x/reduction", Org: apitest.Org, Share: share, Status: "removing", Reason: "left", OpenedAt: apitest.Start, UpdatedAt: apitest.Start,
		Removals: []store.Removal{{Person: bob, UPN: "bob@b.example", State: store.Announced}, {Person: ident.Person{Home: "b", ID: "barbara"}, UPN: "barbara@b.example", State: store.Announced}}}
	must(t, w.Store.PutReduction(ctx, begun))
	errs := make(chan error)
	for i, who := range []string{"worker-b", "worker-c"} {
		s := as(t, w, who)
		go func() {
			_, err := store.UpdateReduction(ctx, s, apitest.Org, begun.ID, func(r *store.Reduction) error {
				r.Removals[i].State = store.Removed
				return nil
			})
			errs <- err
		}()
	}
	must(t, errors.Join(<-errs, <-errs))
	kept, err := w.Store.Reduction(ctx, apitest.Org, begun.ID)
	must(t, err)
	for i, m := range kept.Removals {
		if m.State != store.Removed || m.UPN != begun.Removals[i].UPN {
			t.Errorf("removal %d is %+v", i, m)
		}
	}
	list, err := as(t, w, "worker-c").ListReductions(ctx, apitest.Org)
	must(t, err)
	if len(list) != 1 || list[0].Removals[0].UPN != "" {
		t.Errorf("a worker sees %+v", list)
	}
	list, err = as(t, w, "worker-a").ListReductions(ctx, apitest.Org)
	must(t, err)
	if len(list) != 0 {
		t.Errorf("another tenant's worker sees %+v", list)
	}
}

func kind(t testing.TB, err error, want problem.Kind) {
	t.Helper()
	if p := problem.Of(err); err == nil || p.Kind != want || p.Op == "" || p.Detail == "" {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestProblemsComeThrough(t *testing.T) {
	t.Parallel()
	w := known(t)
	s := as(t, w, "worker-c")
	_, _, _, err := s.LatestSnapshot(t.Context(), apitest.Org, "c")
	kind(t, err, problem.NotFound)
	_, _, _, err = s.LatestSnapshot(t.Context(), apitest.Org, "b")
	kind(t, err, problem.Forbidden)
	if p := problem.Of(err); p.Remedy == "" || p.Tenant != "b" {
		t.Errorf("the problem lost a part: %+v", p)
	}
	_, err = at(t, w.Server.URL, "a-token-that-is-not-known").Owned(t.Context(), apitest.Org)
	kind(t, err, problem.Unauthenticated)
	_, err = s.Owned(t.Context(), "no-such-organization")
	kind(t, err, problem.NotFound)
	w.Server.Close()
	_, err = s.Owned(t.Context(), apitest.Org)
	kind(t, err, problem.Unavailable)
	if !strings.Contains(err.Error(), w.Server.URL) {
		t.Errorf("%q does not say where", err)
	}
}

// TestWhatIsNotOursIsNotMissing: "there is no snapshot" begins a tenant anew, so that only our API may say it.
func TestWhatIsNotOursIsNotMissing(t *testing.T) {
	t.Parallel()
	var answer atomic.Value
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answer.Load().(http.HandlerFunc)(w, r) }))
	t.Cleanup(server.Close)
	s := at(t, server.URL, "some-token-of-a-worker")
	older := apitest.New(t)
	for name, h := range map[string]http.HandlerFunc{
		"a proxy's 404": http.NotFound,
		"a page": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte("<html>sign in to the network</html>"))
		},
		"a redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://elsewhere.example", http.StatusFound)
		},
		"a broken gateway": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) },
		"an unknown route": func(w http.ResponseWriter, r *http.Request) {
			r.URL.Path = "/v1/of-the-future"
			r.Header.Set("Authorization", "Bearer "+apitest.Token("worker-c"))
			older.Handler.ServeHTTP(w, r)
		},
		"a cut-off picture": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte("\x1f\x8b"))
		},
	} {
		answer.Store(h)
		_, _, _, err := s.LatestSnapshot(t.Context(), apitest.Org, "c")
		if p := problem.Of(err); err == nil || p.Kind != problem.Unavailable || !strings.Contains(p.Detail, server.URL) {
			t.Errorf("%s: %v", name, err)
		}
	}
	answer.Store(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte(`{"kind":"Throttled","op":"x","detail":"later"}`))
	}))
	_, err := s.Owned(t.Context(), apitest.Org)
	if p := problem.Of(err); p.Kind != problem.Throttled || p.RetryAfter != 7*time.Second {
		t.Errorf("got %v, want to come again in 7 s", err)
	}
}

func TestATokenIsCheckedAtTheStart(t *testing.T) {
	t.Parallel()
	w := known(t)
	must(t, as(t, w, "worker-c").Check(t.Context(), []ident.Tenant{"c"}))
	must(t, as(t, w, "worker-all").Check(t.Context(), []ident.Tenant{"c", "a"}))
	for who, word := range map[string]string{"worker-b": "serves tenant c", "pat": "not worker"} {
		err := as(t, w, who).Check(t.Context(), []ident.Tenant{"c"})
		kind(t, err, problem.Invalid)
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%s: %v", who, err)
		}
	}
	for _, url := range []string{"http://entente.example", "ftp://127.0.0.1", "", "https://user:secret@entente.example"} {
		if _, err := remote.New(remote.Options{URL: url, Token: func() (string, error) { return "", nil }}); problem.KindOf(err) != problem.Invalid {
			t.Errorf("%q: %v", url, err)
		}
	}
}
