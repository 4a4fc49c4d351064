package graph

import (
	"errors"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"entente.dev/entente/internal/entrasim/simclient"
	"entente.dev/entente/internal/problem"
)

// TestAddressesOfEveryPage: mail and SMTP addresses of every page, of whatever case the protocol is written in; nothing
// of objects that no mail goes to.
func TestAddressesOfEveryPage(t *testing.T) {
	t.Parallel()
	var f *fake
	f = newFake(t, func(w http.ResponseWriter, _ *http.Request, s seen) {
		if s.Query == "page=2" {
			answer(w, 200, `{"value":[{"id":"3","mail":"","proxyAddresses":["smtp:c@x.example","SMTP:"]},{"id":"4","mail":null,"proxyAddresses":null},{"id":"5"}]}`)
			return
		}
		answer(w, 200, `{"value":[{"id":"1","mail":"A@x.example","proxyAddresses":["SMTP:A@x.example","smtp:a2@x.example","X500:/o=x","sip:a@x.example"]}],
			"@odata.nextLink":"`+f.srv.URL+`/v1.0/contacts?page=2"}`)
	})
	want := []Addressed{{"1", []string{"A@x.example", "A@x.example", "a2@x.example"}}, {"3", []string{"c@x.example"}}}
	var got []Addressed
	keep := func(a Addressed) error { got = append(got, a); return nil }
	ok(t, f.client().ContactAddresses(t.Context(), keep))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	stop := errors.New("stop")
	if err := f.client().GroupAddresses(t.Context(), func(Addressed) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("the caller's error is lost: %v", err)
	}
}

func TestAPolicyThatSaysNothingIsNoAnswer(t *testing.T) {
	t.Parallel()
	f := newFake(t, func(w http.ResponseWriter, _ *http.Request, _ seen) { answer(w, 200, `{"guestUserRoleId":null}`) })
	_, err := f.client().Authorization(t.Context())
	want(t, err, problem.Incomplete)
}

// TestSimulatedAddresses reads a tenant's contacts, groups and default rights of guests.
func TestSimulatedAddresses(t *testing.T) {
	t.Parallel()
	s := startSim(t)
	c, ctx := simClient(t, s, "a", simA), t.Context()
	for _, e := range []simclient.Edit{
		{Action: "contact.create", User: "c@elsewhere.example", Attributes: map[string]any{"proxyAddresses": []string{"SMTP:c@elsewhere.example", "smtp:d@elsewhere.example"}}},
		{Action: "group.create", Group: "Sales", Attributes: map[string]any{"mail": "sales@a.example", "mailEnabled": true, "groupTypes": []string{"Unified"}}},
	} {
		e.Tenant = "a"
		_, err := s.Admin().Edit(ctx, e)
		ok(t, err)
	}
	var found [][]string
	keep := func(a Addressed) error { found = append(found, a.Addresses); return nil }
	ok(t, c.ContactAddresses(ctx, keep))
	ok(t, c.GroupAddresses(ctx, keep))
	if diff := cmp.Diff([][]string{{"c@elsewhere.example", "c@elsewhere.example", "d@elsewhere.example"}, {"sales@a.example"}}, found); diff != "" {
		t.Error(diff)
	}
	p, err := c.Authorization(ctx)
	if ok(t, err); p.GuestRole != "10dae51f-b6af-4016-8d66-8c2a99b929b3" || p.InvitesFrom != "everyone" {
		t.Errorf("got %+v", p)
	}
	_, err = s.Admin().Edit(ctx, simclient.Edit{Tenant: "a", Action: "permission.revoke", App: "Entente", Permission: "OrgContact.Read.All"})
	ok(t, err)
	err = simClient(t, s, "a", simA).ContactAddresses(ctx, keep)
	want(t, err, problem.Forbidden)
}
