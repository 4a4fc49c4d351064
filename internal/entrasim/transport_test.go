package entrasim_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"net/http"
	"sync"
	"testing"
	"time"

	"entente.dev/entente/internal/entrasim"
)

func TestInvitationMakesAPendingGuest(t *testing.T) {
	s := start(t, nil)
	a := s.as("a")
	got := a.do("POST", "/invitations", object{"invitedUserEmailAddress": "charlie@c.example", "inviteRedirectUrl": "https://example.org"}, 201)
	id := got.body["invitedUser"].(object)["id"].(string)
	guest := a.get("/users/" + id + "?$select=userPrincipalName,userType,externalUserState,creationType")
	if guest.text("userPrincipalName") != "charlie_c.example#EXT#@a.onmicrosoft.example" || guest.text("externalUserState") != "PendingAcceptance" || guest.text("userType") != "Guest" {
		t.Errorf("%s", guest.raw)
	}
	again := a.do("POST", "/invitations", object{"invitedUserEmailAddress": "charlie@c.example", "inviteRedirectUrl": "https://example.org"}, 201)
	if again.body["invitedUser"].(object)["id"] != id {
		t.Error("a second invitation made a second guest")
	}
	a.do("POST", "/invitations", object{"invitedUserEmailAddress": "annie@a.example", "inviteRedirectUrl": "https://example.org"}, 400)
}

func TestGzipBodiesAreInflated(t *testing.T) {
	s := start(t, nil)
	a := s.as("a")
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	_ = json.NewEncoder(w).Encode(object{"city": "Lund"})
	_ = w.Close()
	a.header.Set("Content-Encoding", "gzip")
	a.do("PATCH", "/users/annie@a.example", z.String(), 204)
	if got := a.get("/users/annie@a.example?$select=city"); got.text("city") != "Lund" {
		t.Errorf("%s", got.raw)
	}
	if err := s.Admin().SetSwitch(t.Context(), "no-gzip", "true"); err != nil {
		t.Fatal(err)
	}
	a.do("PATCH", "/users/annie@a.example", z.String(), http.StatusUnsupportedMediaType)
}

func TestReadsMayBeStale(t *testing.T) {
	s := start(t, func(o *entrasim.Options) { o.ReadLag = 600 * time.Millisecond })
	a := s.as("a")
	a.do("PATCH", "/users/annie@a.example", object{"city": "Lund"}, 204)
	if got := a.get("/users/annie@a.example?$select=city"); got.text("city") == "Lund" {
		t.Error("the read was not stale")
	}
	g := a.do("POST", "/groups", object{"displayName": "G", "mailEnabled": false, "mailNickname": "g", "securityEnabled": true}, 201).text("id")
	a.do("GET", "/groups/"+g, nil, 404)
	time.Sleep(650 * time.Millisecond)
	a.get("/groups/" + g)
	if got := a.get("/users/annie@a.example?$select=city"); got.text("city") != "Lund" {
		t.Errorf("%s", got.raw)
	}
}

func TestManyCallersAtOnce(t *testing.T) {
	s := start(t, nil)
	a := s.as("a")
	g := a.do("POST", "/groups", object{"displayName": "G", "mailEnabled": false, "mailNickname": "g", "securityEnabled": true}, 201).text("id")
	users := column(a.get("/users?$top=20&$select=id").value(), "id")
	var wg sync.WaitGroup
	for _, id := range users {
		wg.Go(func() {
			for _, step := range []struct {
				method, path string
				body         any
			}{{"POST", "/groups/" + g + "/members/$ref", object{"@odata.id": "x/directoryObjects/" + id}}, {"PATCH", "/users/" + id, object{"city": "Lund"}},
				{"GET", "/users?$top=10", nil}, {"GET", "/groups/" + g + "/members", nil}, {"GET", "/users/delta", nil}} {
				if got, err := a.try(step.method, step.path, step.body); err != nil || got.status >= 300 {
					t.Errorf("%s %s: %v %v", step.method, step.path, err, got)
				}
			}
		})
	}
	wg.Wait()
	if n := len(a.get("/groups/" + g + "/members").value()); n != 20 {
		t.Errorf("%d members", n)
	}
}
