package entrasim

import (
	"net/http"
	"strings"
	"time"

	"entente.dev/entente/internal/entrasim/dir"
	"entente.dev/entente/internal/entrasim/graphapi"
	"entente.dev/entente/internal/entrasim/journal"
	"entente.dev/entente/internal/entrasim/signin"
)

// signinDirectory is the world as the sign-in service sees it.
type signinDirectory struct{ s *Server }

func (d signinDirectory) Tenant(segment string) (signin.Tenant, bool) {
	t, ok := d.s.realm.Tenant(segment)
	if !ok || strings.EqualFold(segment, t.Name) && !strings.EqualFold(segment, t.ID) && !t.Verified(segment) {
		return signin.Tenant{}, false // short names are for admins, not for authorities
	}
	return signin.Tenant{ID: t.ID, Domain: t.Domain, DisplayName: t.DisplayName}, true
}

func (d signinDirectory) Application(tenantID, clientID string) (signin.Application, bool) {
	t, ok := d.s.realm.Tenant(tenantID)
	if !ok {
		return signin.Application{}, false
	}
	sp, ok := t.ServicePrincipalOf(clientID)
	if !ok || !t.ServicePrincipalReady(sp.ID()) {
		return signin.Application{}, false
	}
	built := d.s.realm.Apps[t.ID][strings.ToLower(clientID)]
	app := signin.Application{ClientID: strings.ToLower(clientID), DisplayName: sp.Text("displayName"), ServicePrincipalID: sp.ID(),
		Disabled: sp["accountEnabled"] == false, Public: built.Public, Certificates: built.Certificates,
		RedirectURIs: built.RedirectURIs, Roles: t.Permissions(sp.ID())}
	for _, s := range t.Secrets(clientID) {
		app.Secrets = append(app.Secrets, signin.Secret{Value: s.Text, Expires: s.End})
	}
	return app, true
}

func (d signinDirectory) ApplicationExists(clientID string) bool {
	for _, t := range d.s.realm.Tenants() {
		if _, ok := t.ServicePrincipalOf(clientID); ok {
			return true
		}
	}
	return false
}

func (d signinDirectory) Person(tenantID, upn string) (signin.Person, bool) {
	t, ok := d.s.realm.Tenant(tenantID)
	if !ok {
		return signin.Person{}, false
	}
	u, ok := t.Newest(upn)
	if !ok || u.Deleted != 0 {
		return signin.Person{}, false
	}
	p := d.s.realm.People[t.ID][strings.ToLower(upn)]
	return signin.Person{ID: u.ID, UPN: u.S[dir.UPN], DisplayName: u.S[dir.DisplayName], Mail: u.S[dir.Mail], Password: p.Password,
		Enabled: u.AccountEnabled, Groups: t.MemberOf(u.ID), Roles: p.Roles}, true
}

func (d signinDirectory) Record(a signin.Attempt) {
	e := journal.Entry{Time: a.At, Kind: "signin", Tenant: a.Tenant, App: a.Client, Remote: a.Remote, Method: "POST", Route: "/{tenant}/oauth2/v2.0/token", Note: a.Outcome, Path: a.Grant, Status: 200}
	if t, ok := d.s.realm.Tenant(a.Tenant); ok {
		e.Tenant = t.Name
	}
	if a.Outcome != "ok" {
		e.Status = http.StatusBadRequest
	}
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	d.s.log.Add(e)
}

// redeem accepts an invitation when its link is opened.
func (s *Server) redeem(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if len(parts) == 3 {
		if t, ok := s.realm.Tenant(parts[1]); ok {
			if u, ok := t.Newest(parts[2]); ok && u.External {
				if home := graphapi.HomeUser(s.realm, u.S[dir.Mail]); home != nil && t.Redeem(u.ID, home) == nil {
					_, _ = w.Write([]byte("The invitation was accepted.\n"))
					return
				}
			}
		}
	}
	http.Error(w, "This invitation cannot be redeemed.", http.StatusNotFound)
}
