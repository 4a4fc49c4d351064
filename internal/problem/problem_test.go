package problem

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"
)

// TestTheTaxonomyIsTotal holds the whole table: who retries, and what our API answers.
func TestTheTaxonomyIsTotal(t *testing.T) {
	t.Parallel()
	want := map[Kind]struct {
		retry  bool
		status int
	}{
		Invalid: {false, 400}, Unauthenticated: {false, 502}, Forbidden: {false, 502}, NotFound: {false, 404}, Conflict: {false, 409},
		Stale: {false, 409}, Rejected: {false, 502}, Ambiguous: {false, 502}, Throttled: {true, 503}, Unavailable: {true, 503},
		DeltaReset: {false, 502}, Incomplete: {false, 502}, GuardTripped: {false, 409}, Bug: {false, 500},
	}
	if len(want) != len(Kinds()) {
		t.Fatalf("%d kinds, %d in the table", len(Kinds()), len(want))
	}
	for _, k := range Kinds() {
		if w, ok := want[k]; !ok || k.Retryable() != w.retry || k.HTTPStatus() != w.status {
			t.Errorf("%s: retry %t, status %d", k, k.Retryable(), k.HTTPStatus())
		}
	}
	if Kind("new").HTTPStatus() != 500 {
		t.Error("an unknown kind is our bug")
	}
}

func TestErrorsSayWhatFailedAndWhatToDo(t *testing.T) {
	t.Parallel()
	e := &Error{Kind: Forbidden, Op: "list users", Tenant: "b", Code: "Authorization_RequestDenied", Detail: "no rights", Remedy: "grant User.Read.All"}
	if got := e.Error(); got != "list users (tenant b): Forbidden Authorization_RequestDenied: no rights; grant User.Read.All" {
		t.Error(got)
	}
	raw, err := json.Marshal(&Error{Kind: Throttled, Op: "x", RetryAfter: 3 * time.Second})
	var back Error
	if err != nil || json.Unmarshal(raw, &back) != nil || back.RetryAfter != 3*time.Second || back.Kind != Throttled {
		t.Errorf("%s %+v", raw, back)
	}
}

func TestKindsSurviveWrapping(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause")
	err := fmt.Errorf("outer: %w", Wrap(Stale, "write", cause))
	if KindOf(err) != Stale || !errors.Is(err, cause) || Of(err).Op != "write" {
		t.Errorf("%v", err)
	}
	if KindOf(cause) != Bug || Of(cause).Kind != Bug || !errors.Is(Of(cause), cause) {
		t.Error("an unknown error is a bug")
	}
}
