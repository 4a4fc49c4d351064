package api_test

import (
	"slices"
	"testing"

	"entente.dev/entente/internal/api/apitest"
	"entente.dev/entente/internal/api/client"
	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/store"
)

// TestThePlatformContinuesARollout, and nobody else.
func TestThePlatformContinuesARollout(t *testing.T) {
	t.Parallel()
	w := applied(t)
	share := ident.Share{Source: "b", Target: "c"}
	for _, who := range []string{"b-admin", "c-admin"} {
		_, err := w.Client(t, who).Continue(t.Context(), apitest.Org, share, "x")
		wants(t, err, 403, "platform")
	}
	_, err := w.Client(t, "pat").Continue(t.Context(), apitest.Org, share, " ")
	wants(t, err, 400, "reason")
	out, err := w.Client(t, "pat").Continue(t.Context(), apitest.Org, share, "they are on leave")
	if want := (contract.ContinueCommand{By: "pat", Reason: "they are on leave"}); err != nil || out.Phase != "syncing" || w.Control.Continues[0] != want {
		t.Errorf("continue: %v, %+v, %+v", err, out, w.Control.Continues)
	}
	page, err := w.Client(t, "pat").Ledger(t.Context(), apitest.Org, client.Page{Limit: 1000})
	if err != nil || !slices.ContainsFunc(page.Entries, func(e store.Entry) bool { return e.Verb == "order-continue" && e.Actor == "pat" }) {
		t.Errorf("the ledger does not know it: %v", err)
	}
}
