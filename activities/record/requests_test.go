package record_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/store"
)

// question is a request as it is opened.
func question(delta bool) store.Request {
	return store.Request{
		ID: "q", Org: "o", Kind: "acceptance", Share: bc, Tenant: "c", PlanDigest: "d1", Status: store.Waiting, Delta: delta, Approvers: 2, OpenedAt: time.Now(),
	}
}

func approval(subject string, missing int) contract.NoteApprovalIn {
	return contract.NoteApprovalIn{Org: "o", ID: "q", Decision: contract.Decision{Approve: true, By: "Carol", Subject: subject, PlanDigest: "d1"}, Missing: missing}
}

func verbs(t *testing.T, s store.Store) (out []string, last store.Entry) {
	entries, err := s.LedgerEntries(t.Context(), "o", 0, 100)
	require.NoError(t, err)
	for _, e := range entries {
		out, last = append(out, e.Verb), e
	}
	return out, last
}

func TestAPartialYesIsShownOnceAndInTheLedger(t *testing.T) {
	t.Parallel()
	s, a, _ := open(t)
	require.NoError(t, a.OpenRequest(t.Context(), contract.OpenRequestIn{Request: question(false)}))
	for range 2 {
		require.NoError(t, a.NoteApproval(t.Context(), approval("s1", 1)))
	}
	require.NoError(t, a.OpenRequest(t.Context(), contract.OpenRequestIn{Request: question(false)}), "an opening that is repeated late")
	r, err := s.Request(t.Context(), "o", "q")
	require.NoError(t, err)
	require.Equal(t, []string{"Carol"}, r.Approvals)
	got, last := verbs(t, s)
	require.Equal(t, []string{"ask", "approve-partly"}, got)
	require.Equal(t, "s1", last.Data["subject"])
}

func TestANamesakeIsASecondApproval(t *testing.T) {
	t.Parallel()
	s, a, _ := open(t)
	q := question(false)
	q.Approvers = 3
	require.NoError(t, a.OpenRequest(t.Context(), contract.OpenRequestIn{Request: q}))
	require.NoError(t, a.NoteApproval(t.Context(), approval("s1", 2)))
	for range 2 {
		require.NoError(t, a.NoteApproval(t.Context(), approval("s2", 1)))
	}
	r, err := s.Request(t.Context(), "o", "q")
	require.NoError(t, err)
	require.Equal(t, []string{"Carol", "Carol"}, r.Approvals)
}

func TestARefreshSaysAgainWhoHasAgreed(t *testing.T) {
	t.Parallel()
	s, a, _ := open(t)
	require.NoError(t, a.OpenRequest(t.Context(), contract.OpenRequestIn{Request: question(false)}))
	opened, err := s.Request(t.Context(), "o", "q")
	require.NoError(t, err)
	require.NoError(t, a.NoteApproval(t.Context(), approval("s1", 1)))
	newer := question(false)
	newer.PlanDigest, newer.OpenedAt = "d2", newer.OpenedAt.Add(time.Hour)
	require.NoError(t, a.OpenRequest(t.Context(), contract.OpenRequestIn{Request: newer, Refresh: true}))
	r, err := s.Request(t.Context(), "o", "q")
	require.NoError(t, err)
	require.Empty(t, r.Approvals, "they were voided")
	require.Equal(t, "d2", r.PlanDigest)
	require.Equal(t, opened.OpenedAt, r.OpenedAt)
}

func TestAnOutcomeNamesItsPeopleToTheLedger(t *testing.T) {
	t.Parallel()
	s, a, _ := open(t)
	require.NoError(t, a.OpenRequest(t.Context(), contract.OpenRequestIn{Request: question(false)}))
	require.NoError(t, a.CloseRequest(t.Context(), contract.CloseRequestIn{
		Org: "o", ID: "q", Status: store.Rejected, By: []string{"Carol", "Dave"}, Subjects: []string{"s1", "s2"}, At: time.Now(),
	}))
	_, last := verbs(t, s)
	require.Equal(t, "s1, s2", last.Data["subjects"])
}

// TestTheLedgerSaysWhatWasAccepted: the bounds in words, and the digest by which anybody finds the rest unchanged.
func TestTheLedgerSaysWhatWasAccepted(t *testing.T) {
	t.Parallel()
	s, a, _ := open(t)
	at := time.Date(2026, 3, 1, 12, 0, 0, 7, time.UTC)
	require.NoError(t, a.OpenRequest(t.Context(), contract.OpenRequestIn{Request: question(false)}))
	require.NoError(t, a.CloseRequest(t.Context(), contract.CloseRequestIn{
		Org: "o", ID: "q", Status: store.Approved, By: []string{"Carol"}, At: at,
		Envelope: &plan.Envelope{Share: bc, RequestID: "q", Sets: []string{"staff"}, MaxUsers: 5, UserType: "Member", Auto: true, AutoBelow: 50, ExpiresAt: at.Add(time.Hour), AcceptedAt: at,
			Exclusions: []plan.Exclusion{{Person: person("bob")}, {Person: person("eve")}}, Rules: []plan.ExclusionRule{{Field: "department", Match: "Sales"}}},
	}))
	entry := func() map[string]string { _, e := verbs(t, s); return e.Data }
	for key, want := range map[string]string{
		"maxUsers": "5", "existingGuests": "keep", "expiresAt": "2026-03-01T13:00:00Z", "auto": "true", "autoBelow": "50", "exclusions": "2", "rules": "1",
		"userType": "Member", "sets": "staff", "envelope": store.EnvelopeDigest(envelope(t, s)),
	} {
		require.Equal(t, want, entry()[key], key)
	}
	said := entry()["envelope"]
	require.NoError(t, a.RevokeEnvelope(t.Context(), contract.RevokeIn{Org: "o", Share: bc, Command: contract.RevokeCommand{Mode: contract.Freeze, By: "Carol"}, At: at, Run: "run/1"}))
	require.Equal(t, said, store.EnvelopeDigest(envelope(t, s)), "taking it back changes nothing of what it said")
	raised := envelope(t, s)
	raised.MaxUsers = 6
	require.NotEqual(t, said, store.EnvelopeDigest(raised))
}

// envelope is the one that is stored for the share.
func envelope(t *testing.T, s store.Store) plan.Envelope {
	all, err := s.Envelopes(t.Context(), "o")
	require.NoError(t, err)
	require.Len(t, all, 1)
	return all[0]
}

func TestAYesToTheRestTakesNoOtherDecisionBack(t *testing.T) {
	t.Parallel()
	for _, delta := range []bool{true, false} {
		s, a, _ := open(t)
		bob, eve := plan.Exclusion{Person: person("bob"), Reason: "no"}, plan.Exclusion{Person: person("eve")}
		rule := plan.ExclusionRule{Field: "department", Match: "Sales"}
		require.NoError(t, s.PutEnvelope(t.Context(), "o", plan.Envelope{Share: bc, MaxUsers: 5, ExistingGuests: "convert", Exclusions: []plan.Exclusion{bob}, Rules: []plan.ExclusionRule{rule}}))
		require.NoError(t, a.OpenRequest(t.Context(), contract.OpenRequestIn{Request: question(delta)}))
		yes := contract.CloseRequestIn{
			Org: "o", ID: "q", Status: store.Approved, By: []string{"Carol"}, At: time.Now(),
			Envelope: &plan.Envelope{Share: bc, RequestID: "q", MaxUsers: 9, Exclusions: []plan.Exclusion{eve, bob}},
		}
		for range 2 {
			require.NoError(t, a.CloseRequest(t.Context(), yes))
		}
		got := envelope(t, s)
		require.Equal(t, 9, got.MaxUsers)
		require.Equal(t, "d1", got.PlanDigest)
		if delta {
			require.Equal(t, []plan.Exclusion{bob, eve}, got.Exclusions)
			require.Equal(t, []plan.ExclusionRule{rule}, got.Rules)
			require.Equal(t, "convert", got.ExistingGuests)
		} else {
			require.Equal(t, []plan.Exclusion{eve, bob}, got.Exclusions)
			require.Empty(t, got.Rules)
			require.Equal(t, "keep", got.ExistingGuests)
		}
	}
}

func TestAYesTakenBackStaysReadableAndIsOneEntry(t *testing.T) {
	t.Parallel()
	s, a, _ := open(t)
	require.NoError(t, s.PutEnvelope(t.Context(), "o", plan.Envelope{Share: bc, RequestID: "q", MaxUsers: 5, AcceptedBy: []string{"Carol"}}))
	in := contract.RevokeIn{
		Org: "o", Share: bc, Run: "run/7", At: time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC),
		Command: contract.RevokeCommand{Mode: contract.Freeze, By: "Dave", Subject: "s2", Reason: "an audit"},
	}
	for range 2 {
		require.NoError(t, a.RevokeEnvelope(t.Context(), in))
	}
	got := envelope(t, s)
	require.Equal(t, &plan.Revocation{By: "Dave", Reason: "an audit", At: in.At}, got.Revoked)
	require.Equal(t, 5, got.MaxUsers)
	list, last := verbs(t, s)
	require.Equal(t, []string{"revoke"}, list)
	require.Equal(t, map[string]string{"mode": "freeze", "reason": "an audit", "subject": "s2", "request": "q"}, last.Data)
}

func TestAShareWithoutAYesIsFrozenAsWell(t *testing.T) {
	t.Parallel()
	s, a, _ := open(t)
	require.NoError(t, a.RevokeEnvelope(t.Context(), contract.RevokeIn{Org: "o", Share: bc, Run: "run/7", Command: contract.RevokeCommand{Mode: contract.Freeze, By: "Dave", Reason: "an audit"}}))
	require.NotNil(t, envelope(t, s).Revoked)
}

// TestAnAnswerThatIsRecordedAgainUnfreezesNothing: a worker that was thought lost may close the request once more.
func TestAnAnswerThatIsRecordedAgainUnfreezesNothing(t *testing.T) {
	t.Parallel()
	s, a, _ := open(t)
	require.NoError(t, a.OpenRequest(t.Context(), contract.OpenRequestIn{Request: question(false)}))
	yes := contract.CloseRequestIn{Org: "o", ID: "q", Status: store.Approved, By: []string{"Carol"}, At: time.Now(), Envelope: &plan.Envelope{Share: bc, RequestID: "q"}}
	require.NoError(t, a.CloseRequest(t.Context(), yes))
	require.NoError(t, a.RevokeEnvelope(t.Context(), contract.RevokeIn{Org: "o", Share: bc, Run: "run/7", Command: contract.RevokeCommand{Mode: contract.Freeze, By: "Dave", Reason: "an audit"}}))
	require.NoError(t, a.CloseRequest(t.Context(), yes))
	require.NotNil(t, envelope(t, s).Revoked)
}
