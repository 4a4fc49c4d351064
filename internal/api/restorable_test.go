package api_test

import (
	"strings"
	"testing"
	"time"

	"entente.dev/entente/internal/api/apitest"
	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/store"
)

// picture is what an observation of a tenant showed.
func picture(t *testing.T, w *apitest.World, tenant ident.Tenant, sealed bool, live, deleted []directory.User) {
	t.Helper()
	s := &directory.Snapshot{Tenant: tenant, TakenAt: time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC), Users: live, Deleted: deleted}
	if sealed {
		s.Read = directory.Collections()
	}
	if _, err := w.Store.PutSnapshot(t.Context(), apitest.Org, s, sealed, store.Cursor{}); err != nil {
		t.Fatal(err)
	}
}

// TestARestoreIsNoWayAroundTheTarget: what it took back, and whom it keeps out, is its own to decide.
func TestARestoreIsNoWayAroundTheTarget(t *testing.T) {
	t.Parallel()
	w := applied(t)
	w.Control.Leave(t.Context())
	pat, bc := w.Client(t, "pat"), ident.Share{Source: "b", Target: "c"}
	refused := func(why string) {
		t.Helper()
		_, err := pat.Restore(t.Context(), apitest.Org, wire.Restore{User: "barbara@b.example"})
		wants(t, err, 409, why)
		if len(w.Control.Restores) > 0 {
			t.Fatal("something was restored")
		}
	}
	put := func(e plan.Envelope) {
		t.Helper()
		e.Share = bc
		if err := w.Store.PutEnvelope(t.Context(), apitest.Org, e); err != nil {
			t.Fatal(err)
		}
	}
	put(plan.Envelope{Revoked: &plan.Revocation{By: "charlie"}})
	refused("tenant c takes nobody in: the acceptance was taken back")
	put(plan.Envelope{MaxUsers: 1})
	status, err := w.Store.ShareStatus(t.Context(), apitest.Org, bc)
	if err != nil {
		t.Fatal(err)
	}
	status.People, status.Stamp.Seq = 1, status.Stamp.Seq+1
	if err := w.Store.PutShareStatus(t.Context(), status); err != nil {
		t.Fatal(err)
	}
	refused("tenant c accepted 1 people")
	put(plan.Envelope{MaxUsers: 500})
	r, err := w.Store.Reduction(t.Context(), apitest.Org, "red-b-c")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Store.PutHold(t.Context(), apitest.Org, plan.Hold{Person: r.Removals[0].Person, Tenant: "c", Kind: plan.HoldKeepOut, Reason: "no"}); err != nil {
		t.Fatal(err)
	}
	refused("tenant c keeps 1 of them out")
}

// TestWhoCannotComeBackIsSaidBeforeAnythingIsDone: Barbara's object was purged in c, and only there.
func TestWhoCannotComeBackIsSaidBeforeAnythingIsDone(t *testing.T) {
	t.Parallel()
	w := applied(t)
	w.Control.Leave(t.Context())
	pat := w.Client(t, "pat")
	r, err := w.Store.Reduction(t.Context(), apitest.Org, "red-b-c")
	if err != nil {
		t.Fatal(err)
	}
	gone, home := r.Removals[0].ObjectID, []directory.User{{ID: r.Removals[0].Person.ID, UserPrincipalName: "barbara@b.example", Enabled: true}}
	picture(t, w, "b", true, home, nil)
	preview := func() wire.Restored {
		t.Helper()
		out, err := pat.Restore(t.Context(), apitest.Org, wire.Restore{User: "barbara@b.example", Preview: true})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	picture(t, w, "c", false, nil, nil)
	if out := preview(); len(out.Lost) != 0 || len(out.Restores) != 2 {
		t.Fatalf("an incomplete picture is evidence of nothing: %+v", out)
	}
	picture(t, w, "c", true, []directory.User{{ID: "somebody"}}, nil)
	out := preview()
	if len(out.Restores) != 1 || out.Restores[0].Share.Target != "a" || len(out.Lost) != 1 || !strings.HasPrefix(out.Lost[0].Reason, "purged in c (seen on ") {
		t.Fatalf("got %+v", out)
	}
	if len(w.Control.Restores) > 0 {
		t.Fatal("a preview restores nobody")
	}
	_, err = pat.Restore(t.Context(), apitest.Org, wire.Restore{ReductionID: "red-b-c"})
	wants(t, err, 409, "nobody of them can come back")
	picture(t, w, "c", true, nil, []directory.User{{ID: gone, DeletedAt: time.Now().Add(-time.Hour)}})
	if out := preview(); len(out.Lost) != 0 {
		t.Fatalf("the recycle bin has her: %+v", out.Lost)
	}
	picture(t, w, "b", true, nil, []directory.User{{ID: home[0].ID, DeletedAt: time.Now()}})
	if out := preview(); len(out.Lost) != 2 || !strings.HasPrefix(out.Lost[0].Reason, "deleted at home, in b, on ") {
		t.Fatalf("deleted at home: %+v", out.Lost)
	}
}
