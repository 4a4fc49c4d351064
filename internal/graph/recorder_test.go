package graph

import (
	"net/http"
	"slices"
	"testing"
)

func TestRecorderHearsChangesOnly(t *testing.T) {
	t.Parallel()
	f := newFake(t, func(w http.ResponseWriter, r *http.Request, s seen) {
		switch {
		case r.Method == http.MethodGet:
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"id":"1","displayName":"x"}`))
		case s.Path == "/v1.0/users/refused":
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte(`{"error":{"code":"Authorization_RequestDenied","message":"no"}}`))
		default:
			w.WriteHeader(http.StatusNoContent)
		}
	})
	c := f.client()
	var heard []string
	ctx := WithRecorder(t.Context(), func(id string) { heard = append(heard, id) })
	member := map[string]error{}
	_, member["read"] = c.User(ctx, "1")
	kind := UserPatch{}
	member["refused"] = c.UpdateUser(ctx, "refused", kind)
	if len(heard) != 0 {
		t.Errorf("a read and a refusal were heard: %v", heard)
	}
	member["changed"] = c.UpdateUser(ctx, "1", kind)
	if member["read"] != nil || member["refused"] == nil || member["changed"] != nil || !slices.Equal(heard, []string{"rid-1"}) {
		t.Errorf("%v, heard %v", member, heard)
	}
	if err := c.UpdateUser(t.Context(), "1", kind); err != nil || len(heard) != 1 {
		t.Errorf("without a recorder: %v, %v", err, heard)
	}
}
