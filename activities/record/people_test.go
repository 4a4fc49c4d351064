package record_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/prospect"
	"entente.dev/entente/internal/store"
)

// TestAnOpenRequestListsItsPeople: when it is opened, and anew when its plan has become another one.
func TestAnOpenRequestListsItsPeople(t *testing.T) {
	t.Parallel()
	s, a, _ := open(t)
	r := store.Request{ID: "r", Org: "o", Kind: "reduction", Share: bc, Tenant: "c", PlanDigest: "d1", Status: store.Waiting}
	require.NoError(t, a.OpenRequest(t.Context(), contract.OpenRequestIn{Request: r}))
	page, err := s.RequestPeople(t.Context(), "o", "r", "d1", store.PeopleFilter{Action: plan.Remove})
	require.NoError(t, err)
	require.Len(t, page.People, 2)
	facts, err := s.RequestFacts(t.Context(), "o", "r", "d1")
	require.NoError(t, err)
	require.Equal(t, 2, facts.Standing.Leaving)

	r.PlanDigest = "d2"
	require.NoError(t, a.OpenRequest(t.Context(), contract.OpenRequestIn{Request: r, Refresh: true}))
	page, err = s.RequestPeople(t.Context(), "o", "r", "d2", store.PeopleFilter{})
	require.NoError(t, err)
	require.Equal(t, 2, page.Total)
	_, err = s.RequestPeople(t.Context(), "o", "r", "d1", store.PeopleFilter{})
	require.Equal(t, problem.NotFound, problem.KindOf(err), "the list of the older plan is gone")

	r.PlanDigest = "not kept"
	require.NoError(t, a.OpenRequest(t.Context(), contract.OpenRequestIn{Request: r, Refresh: true}), "it can still be answered")
}

func TestThatNobodyCouldLookIsSaidBesideWhatWasFoundBefore(t *testing.T) {
	t.Parallel()
	s, a, _ := open(t)
	in := contract.NoteUncheckedIn{Org: "o", RequestID: "q", Kind: problem.Unavailable}
	want := prospect.Evidence{Unread: []prospect.Unread{{What: prospect.UnreadAll, Kind: "Unavailable"}}}
	for _, found := range []prospect.Evidence{{}, {GuestRole: "role", Collisions: []prospect.Collision{{Kind: prospect.Contact, Count: 1}}, Unread: []prospect.Unread{{What: "groups", Permission: "P"}}}} {
		if found.GuestRole != "" {
			require.NoError(t, s.PutEvidence(t.Context(), "o", "q", found))
		}
		for range 2 {
			require.NoError(t, a.NoteUnchecked(t.Context(), in))
		}
		e, err := s.Evidence(t.Context(), "o", "q")
		require.NoError(t, err)
		want.GuestRole, want.Collisions = found.GuestRole, found.Collisions
		require.Equal(t, want, e)
	}
}
