package graph

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	ours "entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/problem"
)

// TestUsersDelta: empty pages, replays, nulls, missing properties and both kinds of removal.
func TestUsersDelta(t *testing.T) {
	t.Parallel()
	var f *fake
	f = newFake(t, func(w http.ResponseWriter, r *http.Request, s seen) {
		switch {
		case strings.Contains(s.Query, "deltatoken"):
			answer(w, 410, `{"error":{"code":"resyncRequired","message":"gone"}}`)
		case strings.Contains(s.Query, "page=2"):
			answer(w, 200, `{"value":[],"@odata.nextLink":"`+f.srv.URL+`/v1.0/users/delta?page=3"}`)
		case strings.Contains(s.Query, "page=3"):
			answer(w, 200, `{"value":[{"id":"2","@removed":{"reason":"changed"}},{"id":"3","@removed":{"reason":"deleted"}},{"id":"1","mail":null,"jobTitle":null,"showInAddressList":null,"accountEnabled":false}],
				"@odata.deltaLink":"`+f.srv.URL+`/v1.0/users/delta?$deltatoken=1"}`)
		default:
			answer(w, 200, `{"value":[{"id":"1","userPrincipalName":"u","displayName":"n","mail":"m","department":"Sales","jobTitle":"Clerk","userType":"Member","accountEnabled":true,"showInAddressList":true,"unknown":{"x":1}}],
				"@odata.nextLink":"`+f.srv.URL+`/v1.0/users/delta?page=2"}`)
		}
	})
	c := f.client()
	known := map[string]ours.User{}
	var removed []string
	link, err := c.UsersDelta(t.Context(), "", func(ch UserChange) error {
		if ch.Removed != "" {
			removed = append(removed, ch.ID+" "+ch.Removed)
			return nil
		}
		known[ch.ID] = ch.Merge(known[ch.ID])
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want1 := ours.User{ID: "1", UserPrincipalName: "u", DisplayName: "n", Department: "Sales", UserType: "Member"}
	if diff := cmp.Diff(map[string]ours.User{"1": want1}, known); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"2 changed", "3 deleted"}, removed); diff != "" {
		t.Error(diff)
	}
	_, err = c.UsersDelta(t.Context(), link, func(UserChange) error { return nil })
	want(t, err, problem.DeltaReset)
	if n := len(f.seenCalls()); n != 4 {
		t.Errorf("%d requests", n)
	}
	stop := errors.New("stop")
	if _, err = c.UsersDelta(t.Context(), "", func(UserChange) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("the caller's error is lost: %v", err)
	}
}

// TestBrokenPages: none of these may look like the end of a collection.
func TestBrokenPages(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"no link": `{"value":[]}`, "no value": `{}`, "not json": `<html>`, "empty": ``, "null value": `{"value":null}`, "object": `{"value":{}}`,
		"no id": `{"value":[{"displayName":"x"}],"@odata.deltaLink":"https://x"}`, "foreign delta link": `{"value":[],"@odata.deltaLink":"https://evil.example/v1.0/x"}`,
		"wrong type": `{"value":[{"id":"1","accountEnabled":"yes"}],"@odata.deltaLink":"x"}`,
	} {
		f := newFake(t, func(w http.ResponseWriter, _ *http.Request, _ seen) { answer(w, 200, body) })
		link, err := f.client().UsersDelta(t.Context(), "", func(UserChange) error { return nil })
		if err == nil || link != "" {
			t.Errorf("%s: %q %v", name, link, err)
		}
	}
	var f *fake
	f = newFake(t, func(w http.ResponseWriter, _ *http.Request, _ seen) {
		answer(w, 200, `{"value":[],"@odata.nextLink":"`+f.srv.URL+`/v1.0/users/delta?same"}`)
	})
	_, err := f.client().UsersDelta(t.Context(), "", func(UserChange) error { return nil })
	want(t, err, problem.Incomplete)
}

func TestGroupsDelta(t *testing.T) {
	t.Parallel()
	var f *fake
	f = newFake(t, func(w http.ResponseWriter, _ *http.Request, s seen) {
		answer(w, 200, `{"value":[{"id":"g","displayName":"N","groupTypes":["DynamicMembership"],"members@delta":[{"@odata.type":"#microsoft.graph.user","id":"1"},{"@odata.type":"#microsoft.graph.device","id":"9"},{"@odata.type":"#microsoft.graph.user","id":"2","@removed":{"reason":"deleted"}}]}],
			"@odata.deltaLink":"`+f.srv.URL+`/v1.0/groups/delta?$deltatoken=1"}`)
	})
	c := f.client()
	var got []GroupChange
	if _, err := c.GroupsDelta(t.Context(), "", []string{"g", "h"}, func(ch GroupChange) error { got = append(got, ch); return nil }); err != nil {
		t.Fatal(err)
	}
	wantChange := []GroupChange{{Group: ours.Group{ID: "g", DisplayName: "N", Dynamic: true}, Present: FieldDisplayName | FieldGroupTypes,
		Added: []Member{{"1", typeUser}, {"9", "#microsoft.graph.device"}}, Left: []string{"2"}}}
	if diff := cmp.Diff(wantChange, got); diff != "" {
		t.Error(diff)
	}
	if q := f.seenCalls()[0].Query; !strings.Contains(q, "id%20eq%20%27g%27%20or%20id%20eq%20%27h%27") {
		t.Errorf("filter in %s", q)
	}
	_, err := c.GroupsDelta(t.Context(), "", make([]string, 51), nil)
	want(t, err, problem.Invalid)
}

func TestGroupMembersKeepsUnknownTypes(t *testing.T) {
	t.Parallel()
	f := newFake(t, func(w http.ResponseWriter, _ *http.Request, _ seen) {
		answer(w, 200, `{"value":[{"@odata.type":"#microsoft.graph.user","id":"2"},{"@odata.type":"#microsoft.graph.user","id":"1"},{"@odata.type":"#microsoft.graph.group","id":"3"},{"@odata.type":"#microsoft.graph.newThing","id":"4"},{"id":"5"}]}`)
	})
	got, err := f.client().GroupMembers(t.Context(), idA)
	if diff := cmp.Diff(Members{Users: []string{"1", "2"}, Groups: []string{"3"}, Other: []Member{{"4", "#microsoft.graph.newThing"}, {"5", ""}}}, got); diff != "" || err != nil {
		t.Fatal(diff, err)
	}
}

func TestPartners(t *testing.T) {
	t.Parallel()
	fresh := `{"tenantId":"1","isServiceProvider":null,"isInMultiTenantOrganization":false,"inboundTrust":null,"b2bCollaborationInbound":null,"crossCloudMeetingConfiguration":{"inboundAllowed":null,"outboundAllowed":null},"protectedContentSharing":{"inboundAllowed":null},"automaticUserConsentSettings":{"inboundAllowed":null,"outboundAllowed":null}}`
	f := newFake(t, func(w http.ResponseWriter, _ *http.Request, _ seen) {
		answer(w, 200, `{"value":[`+fresh+`,
			{"tenantId":"4","automaticUserConsentSettings":{"inboundAllowed":true,"outboundAllowed":false},"identitySynchronization":{"tenantId":"4","userSyncInbound":{"isSyncAllowed":true}}},
			{"tenantId":"3","isInMultiTenantOrganization":true,"somethingNew":{"mode":"on"},"identitySynchronization":null},
			{"tenantId":"2","inboundTrust":{"isMfaAccepted":true},"identitySynchronization":{"userSyncInbound":{"isSyncAllowed":false}}},
			{"tenantId":"5","identitySynchronization":{"groupSyncInbound":{"isSyncAllowed":true}}}]}`)
	})
	got, err := f.client().Partners(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	yes, no := true, false
	if diff := cmp.Diff([]ours.Partner{
		{TenantID: "1"},
		{TenantID: "2", SyncConfigured: true, OtherSettings: true},
		{TenantID: "3", InMTO: true, OtherSettings: true},
		{TenantID: "4", InboundConsent: &yes, OutboundConsent: &no, SyncConfigured: true, InboundSync: true},
		{TenantID: "5", SyncConfigured: true, OtherSettings: true},
	}, got); diff != "" {
		t.Error(diff)
	}
}

// TestSyncAppsFallback: where the template filter is refused, everything is listed and sorted out here.
func TestSyncAppsFallback(t *testing.T) {
	t.Parallel()
	f := newFake(t, func(w http.ResponseWriter, _ *http.Request, s seen) {
		if strings.Contains(s.Query, "filter") {
			graphError(w, 400, "Request_UnsupportedQuery", "no")
			return
		}
		answer(w, 200, `{"value":[{"id":"2","appId":"b","displayName":"xts","applicationTemplateId":"`+SyncTemplateID+`"},{"id":"1","applicationTemplateId":"other"},{"id":"0"}]}`)
	})
	got, err := f.client().SyncApps(t.Context())
	if diff := cmp.Diff([]ours.SyncApp{{ServicePrincipalID: "2", AppID: "b", DisplayName: "xts"}}, got); diff != "" || err != nil {
		t.Fatal(diff, err)
	}
}

func TestJobStatus(t *testing.T) {
	t.Parallel()
	fresh := `{"id":"j","templateId":"Azure2Azure","schedule":{"expiration":null,"interval":"PT40M","state":"Active"},"status":{"code":"NotRun","quarantine":{"reason":"","currentBegan":"","error":null},"steadyStateLastAchievedTime":"0001-01-01T00:00:00Z",
		"lastExecution":{"state":"Failed","timeBegan":"0001-01-01T00:00:00Z","timeEnded":"0001-01-01T00:00:00Z","error":{"code":"None","message":"","tenantActionable":false}},"progress":[]}}`
	stuck := `{"id":"j","schedule":{"state":"Active"},"status":{"code":"Quarantine","countSuccessiveCompleteFailures":2,"quarantine":{"reason":"SomethingNew","currentBegan":"2026-11-20T10:00:00Z","seriesBegan":"2026-11-19T10:00:00Z","nextAttempt":"2026-11-21T10:00:00Z","error":{"code":"X"}},
		"lastExecution":{"state":"EntryLevelErrors","timeBegan":"2026-11-20T09:00:00Z","timeEnded":"2026-11-20T10:00:00Z","countExported":3,"countEscrowed":4,"error":{"code":"Y"}},"progress":[{"completedUnits":1,"totalUnits":5}]}}`
	body := fresh
	f := newFake(t, func(w http.ResponseWriter, _ *http.Request, _ seen) { answer(w, 200, body) })
	c := f.client()
	got, err := c.JobStatus(t.Context(), idA, "j")
	if diff := cmp.Diff(JobStatus{SyncJob: ours.SyncJob{ID: "j", Code: "NotRun", State: "Active"}}, got); diff != "" || err != nil {
		t.Fatal(diff, err)
	}
	body = stuck
	got, err = c.JobStatus(t.Context(), idA, "j")
	at := func(d, h int) time.Time { return time.Date(2026, 11, d, h, 0, 0, 0, time.UTC) }
	if diff := cmp.Diff(JobStatus{SyncJob: ours.SyncJob{ID: "j", Code: "Quarantine", State: "Active", QuarantineReason: "SomethingNew", QuarantineCode: "X", QuarantinedAt: at(19, 10)}, NextAttempt: at(21, 10),
		LastState: "EntryLevelErrors", LastBegan: at(20, 9), LastEnded: at(20, 10), LastCode: "Y", Exported: 3, Escrowed: 4, SuccessiveFailures: 2, PagesDone: 1, PagesPlanned: 5}, got); diff != "" || err != nil {
		t.Fatal(diff, err)
	}
}

func TestProvisioningLog(t *testing.T) {
	t.Parallel()
	f := newFake(t, func(w http.ResponseWriter, _ *http.Request, _ seen) {
		answer(w, 200, `{"value":[{"id":"1","activityDateTime":"2026-11-20T10:00:00.1234567Z","provisioningAction":"stagedDelete","jobId":"j","cycleId":"c","sourceIdentity":{"id":"s","displayName":"Barbara"},"targetIdentity":null,
			"provisioningStatusInfo":{"status":"Failure","errorInformation":{"errorCode":"E","reason":"'Barbara' b@x.example is gone"}}},{"id":"2"},{"id":"3"}],"@odata.nextLink":"https://nowhere"}`)
	})
	rows, err := f.client().ProvisioningLog(t.Context(), ProvisioningQuery{JobID: "j'x", Since: time.Unix(0, 0), Until: time.Unix(60, 0), Top: 2})
	if err != nil || len(rows) != 2 {
		t.Fatal(rows, err)
	}
	if r := rows[0]; r.Action != "stageddelete" || r.Status != "failure" || r.SourceID != "s" || r.TargetID != "" || r.ErrorCode != "E" || strings.Contains(fmt.Sprint(r), "arbara") || strings.Contains(r.Reason, "@") {
		t.Errorf("%+v", r)
	}
	if q := f.seenCalls()[0].Query; !strings.Contains(q, "jobId%20eq%20%27j%27%27x%27%20and%20activityDateTime%20gt%201970-01-01T00%3A00%3A00.000Z") || !strings.Contains(q, "top=2") {
		t.Error(q)
	}
}

// TestAddMembers: one bind for 20; where it is refused, one batch that judges each.
func TestAddMembers(t *testing.T) {
	t.Parallel()
	f := newFake(t, func(w http.ResponseWriter, r *http.Request, s seen) {
		if s.Method == http.MethodPatch {
			if strings.Contains(s.Body, "u20") {
				graphError(w, 400, "Request_BadRequest", "One or more added object references already exist for the following modified properties: 'members'.")
				return
			}
			w.WriteHeader(204)
			return
		}
		var batch struct {
			Requests []struct{ ID, URL, Method string } `json:"requests"`
		}
		if err := json.Unmarshal([]byte(s.Body), &batch); err != nil {
			t.Error(err)
		}
		answer(w, 200, `{"responses":[{"id":"3","status":429,"headers":{"Retry-After":"7"},"body":{"error":{"code":"TooManyRequests"}}},
			{"id":2,"status":400,"body":{"error":{"code":"Request_BadRequest","message":"One or more added object references already exist for the following modified properties: 'members'."}}},
			{"id":"1","status":204},{"id":"4","status":404,"body":{"error":{"code":"Request_ResourceNotFound","message":"x"}}},{"id":"99","status":204},
			{"id":"6","status":429,"headers":{"retry-after":"12.5"},"body":{}}]}`)
	})
	ids := make([]string, 26)
	for i := range ids {
		ids[i] = "u" + strconv.Itoa(i)
	}
	got, err := f.client().AddMembers(t.Context(), idA, ids)
	if len(got) != 26 {
		t.Fatal(len(got), err)
	}
	if found := want(t, err, problem.Throttled); found.RetryAfter != 12500*time.Millisecond {
		t.Error(found.RetryAfter)
	}
	var kinds []string
	for _, o := range got[20:] {
		if o.Err == nil {
			kinds = append(kinds, "ok")
			continue
		}
		kinds = append(kinds, fmt.Sprint(problem.KindOf(o.Err), problem.Of(o.Err).RetryAfter))
	}
	if diff := cmp.Diff([]string{"ok", "ok", "Throttled12.5s", "NotFound0s", "Ambiguous0s", "Throttled12.5s"}, kinds); diff != "" {
		t.Error(diff)
	}
	calls := f.seenCalls()
	if len(calls) != 3 || calls[2].Path != "/v1.0/$batch" || strings.Count(calls[0].Body, "directoryObjects") != 20 {
		t.Errorf("%+v", calls)
	}
}

func TestRemoveMembers(t *testing.T) {
	t.Parallel()
	f := newFake(t, func(w http.ResponseWriter, r *http.Request, s seen) {
		if !strings.Contains(s.Body, `/members/u0/$ref`) || strings.Contains(s.Body, `Content-Type`) {
			t.Error(s.Body)
		}
		answer(w, 200, `{"responses":[{"id":"1","status":404,"body":{"error":{"code":"Request_ResourceNotFound"}}},{"id":"2","status":403,"body":{"error":{"code":"Authorization_RequestDenied"}}}]}`)
	})
	got, err := f.client().RemoveMembers(t.Context(), idA, []string{"u0", "u1"})
	want(t, err, problem.Forbidden)
	if got[0].Err != nil || !strings.Contains(problem.Of(got[1].Err).Remedy, permMemberWrite) {
		t.Error(got)
	}
}

func TestAssignGroupTwice(t *testing.T) {
	t.Parallel()
	f := newFake(t, func(w http.ResponseWriter, r *http.Request, s seen) {
		graphError(w, 400, "Request_BadRequest", "Permission being assigned already exists on the object")
	})
	if err := f.client().AssignGroup(t.Context(), idA, idB, idC); err != nil {
		t.Fatal(err)
	}
}
