package graph

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"entente.dev/entente/internal/problem"
)

func errorJSON(code, message string) []byte {
	return []byte(fmt.Sprintf(`{"error":{"code":%q,"message":%q,"innerError":{"request-id":"inner"}}}`, code, message))
}

// TestClassifyIsTotal runs every status with every method and every kind of body, also those that the SDK's
// own error model panics on.
func TestClassifyIsTotal(t *testing.T) {
	t.Parallel()
	bodies := map[string][]byte{
		"none": nil, "empty object": []byte(`{}`), "null error": []byte(`{"error":null}`), "no message": []byte(`{"error":{"code":"X"}}`),
		"string error": []byte(`{"error":"invalid_client"}`), "html": []byte(`<html>`), "number code": []byte(`{"error":{"code":5,"message":7}}`),
		"details": []byte(`{"error":{"code":"C","message":"m","details":null}}`), "usual": errorJSON("Request_BadRequest", "bad"),
	}
	kinds := problem.Kinds()
	for status := 300; status < 600; status++ {
		for name, body := range bodies {
			for _, method := range []string{"GET", "POST", "PATCH", "PUT", "DELETE"} {
				op := Operation{Name: "do", Method: method, Route: "/users/{id}", Permission: permUserRead}
				found := Classify(op, status, http.Header{}, body)
				if !slices.Contains(kinds, found.Kind) || found.Kind == problem.Bug || found.Code == "" || found.Detail == "" || found.Error() == "" {
					t.Fatalf("%s %d %s: %+v", method, status, name, found)
				}
				if status >= 400 && status < 500 && found.Kind == problem.Ambiguous {
					t.Fatalf("%s %d %s: a refusal is not ambiguous", method, status, name)
				}
				if found.Kind != problem.NotFound && found.Kind != problem.Conflict && found.Kind != problem.Stale && found.Remedy == "" {
					t.Fatalf("%s %d %s: %s without a remedy", method, status, name, found.Kind)
				}
			}
		}
	}
}

// TestClassify is the table of what the domain sheets say about single answers.
func TestClassify(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		op      Operation
		status  int
		code    string
		message string
		want    problem.Kind
		remedy  string
	}{
		{opUser, 400, "Request_BadRequest", "no", problem.Rejected, ""},
		{opUser, 400, "Request_UnsupportedQuery", "no", problem.Rejected, ""},
		{opUsersDelta, 400, "syncStateNotFound", "", problem.DeltaReset, ""},
		{opUsersDelta, 410, "syncStateNotFound", "", problem.DeltaReset, ""},
		{opUsersDelta, 410, "", "", problem.DeltaReset, ""},
		{opUsersDelta, 410, "resyncRequired", "", problem.DeltaReset, ""},
		{opUsersDelta, 400, "Directory_ExpiredPageToken", "", problem.Incomplete, ""},
		{opUser, 401, "InvalidAuthenticationToken", "Access token is empty.", problem.Unauthenticated, "credential"},
		{opUser, 401, "", "", problem.Unauthenticated, ""},
		{opJobs, 401, "UnknownError", "", problem.Forbidden, permSyncRead},
		{opRestartJob, 401, "UnknownError", "", problem.Forbidden, permSync},
		{opJobs, 401, "InvalidAuthenticationToken", "", problem.Unauthenticated, ""},
		{opUser, 401, "UnknownError", "", problem.Unauthenticated, ""},
		{opCreatePartner, 403, "Authorization_RequestDenied", "", problem.Forbidden, permPolicyWrite},
		{opAssign, 403, "", "", problem.Forbidden, permAssign},
		{opUser, 404, "Request_ResourceNotFound", "", problem.NotFound, ""},
		{opPatchSync, 404, "Directory_ObjectNotFound", "", problem.NotFound, ""},
		{opCreatePartner, 409, "Request_MultipleObjectsWithSameKeyValue", "", problem.Conflict, ""},
		{opCreatePartner, 400, "Request_MultipleObjectsWithSameKeyValue", "", problem.Conflict, ""},
		{opCreateGroup, 412, "", "", problem.Stale, ""},
		{opUser, 429, "TooManyRequests", "", problem.Throttled, ""},
		{opCreateGroup, 429, "", "", problem.Throttled, ""},
		{opUser, 500, "", "", problem.Unavailable, ""},
		{opCreateGroup, 500, "", "", problem.Ambiguous, ""},
		{opInstantiate, 502, "", "", problem.Ambiguous, ""},
		{opInstantiate, 504, "UnknownError", "", problem.Ambiguous, ""},
		{opCreateGroup, 503, "serviceUnavailable", "", problem.Unavailable, ""},
		{opPatchPartner, 504, "", "", problem.Unavailable, ""},
		{opDeleteUser, 500, "", "", problem.Unavailable, ""},
		{opUser, 501, "", "", problem.Rejected, ""},
		{opUser, 302, "", "", problem.Rejected, ""},
		{opValidate, 400, "AzureActiveDirectoryCrossTenantSyncPolicyCheckFailure", "", problem.Rejected, "automatic redemption"},
		{opPutSchema, 400, "schemaInvalid", "", problem.Rejected, "matching attribute"},
		{opPatchPartner, 400, "Request_BadRequest", "Failure to update policy due to object limit", problem.Rejected, "25 KB"},
		{opCreateGroup, 403, "Directory_QuotaExceeded", "", problem.Rejected, "quota"},
	} {
		found := Classify(tc.op, tc.status, http.Header{}, errorJSON(tc.code, tc.message))
		if found.Kind != tc.want || !strings.Contains(found.Remedy, tc.remedy) {
			t.Errorf("%s %d %s: %s, remedy %q; want %s, %q", tc.op.Name, tc.status, tc.code, found.Kind, found.Remedy, tc.want, tc.remedy)
		}
	}
	if found := Classify(opUser, 404, http.Header{"Request-Id": {"outer"}}, errorJSON("x", "")); found.RequestID != "outer" {
		t.Errorf("request id %q", found.RequestID)
	}
	if found := Classify(opUser, 404, http.Header{}, errorJSON("x", "")); found.RequestID != "inner" {
		t.Errorf("request id %q", found.RequestID)
	}
}

// TestKnownCodes runs every known code with every status that may carry it.
func TestKnownCodes(t *testing.T) {
	t.Parallel()
	for code, want := range codeKinds {
		for status := 400; status < 600; status++ {
			found := Classify(opUser, status, http.Header{}, errorJSON(code, ""))
			if status == 429 && found.Kind != problem.Throttled || status != 429 && found.Kind != want {
				t.Fatalf("%s with %d: %s, want %s", code, status, found.Kind, want)
			}
		}
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		value string
		want  time.Duration
		ok    bool
	}{
		{"", 0, false}, {"7", 7 * time.Second, true}, {"2.128", 2128 * time.Millisecond, true}, {"0", 0, true}, {" 3 ", 3 * time.Second, true},
		{"Fri, 20 Nov 2026 12:00:30 GMT", 30 * time.Second, true}, {"Fri, 20 Nov 2026 11:00:00 GMT", 0, true},
		{"soon", 0, false}, {"-1", 0, false}, {"NaN", 0, false}, {"1e300", maxRetryAfter, true}, {"Inf", maxRetryAfter, true},
	} {
		header := http.Header{}
		if tc.value != "" {
			header.Set("Retry-After", tc.value)
		}
		if got, ok := RetryAfter(header, now); got != tc.want || ok != tc.ok {
			t.Errorf("%q: %v %v, want %v %v", tc.value, got, ok, tc.want, tc.ok)
		}
	}
}

func TestScrub(t *testing.T) {
	t.Parallel()
	for _, message := range []string{
		"User 'barbara.berg@b.example' is blocked", "barbara.berg_b.example#EXT#@a.onmicrosoft.com exists already",
		`Property displayName value "Barbara Berg" is not allowed`, "mail:barbara@b.example", "https://x/users/barbara%40b.example", "‘Barbara’ is unknown",
	} {
		if got := strings.ToLower(Scrub(message)); strings.Contains(got, "barbara") || strings.Contains(got, "berg") {
			t.Errorf("%q → %q", message, got)
		}
	}
	keep := "Resource '" + idA + "' does not exist or one of its queried reference-property objects are not present."
	if got := Scrub(keep); got != keep {
		t.Errorf("lost %q", got)
	}
	if got := Scrub(strings.Repeat("x ", 4000)); len(got) > maxDetail+8 {
		t.Errorf("%d bytes", len(got))
	}
}

// TestOperationsNameTheirPermission: a 403 can only help when each operation knows its permission.
func TestOperationsNameTheirPermission(t *testing.T) {
	t.Parallel()
	for _, op := range Operations() {
		if op.Name == "" || op.Method == "" || !strings.HasPrefix(op.Route, "/") || op.Permission == "" || op.Class == "" || op.Cost < 1 {
			t.Errorf("incomplete: %+v", op)
		}
	}
}
