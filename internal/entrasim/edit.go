package entrasim

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"entente.dev/entente/internal/entrasim/dir"
	"entente.dev/entente/internal/entrasim/faults"
	"entente.dev/entente/internal/entrasim/graphapi"
	"entente.dev/entente/internal/entrasim/simclient"
	"entente.dev/entente/internal/entrasim/world"
)

func (s *Server) serveEdit(w http.ResponseWriter, r *http.Request) {
	var e simclient.Edit
	if !read(w, r, &e) {
		return
	}
	t, ok := s.realm.Tenant(e.Tenant)
	if !ok {
		var names []string
		for _, t := range s.realm.Tenants() {
			names = append(names, t.Name)
		}
		refuse(w, http.StatusNotFound, fmt.Sprintf("no tenant %q; there are %s", e.Tenant, strings.Join(names, ", ")))
		return
	}
	id, err := s.edit(t, e)
	if err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	reply(w, map[string]string{"id": id})
}

// edit does one thing as an admin of the tenant would.
func (s *Server) edit(t *dir.Tenant, e simclient.Edit) (string, error) {
	by := dir.Actor{User: "admin@" + t.Domain}
	kind, verb, _ := strings.Cut(e.Action, ".")
	switch kind {
	case "user":
		return s.editUser(t, verb, e, by)
	case "guest":
		return s.editGuest(t, verb, e, by)
	case "group":
		return s.editGroup(t, verb, e, by)
	case "contact":
		return editContact(t, verb, e)
	case "permission", "secret", "app", "job":
		return s.editApp(t, e, by)
	case "partner":
		other, ok := s.realm.Tenant(e.Partner)
		if !ok {
			return "", fmt.Errorf("no tenant %q", e.Partner)
		}
		if err := t.DeleteSync(other.ID, by); err != nil && err.Status != 404 {
			return "", plain(err)
		}
		return other.ID, plain(t.DeletePartner(other.ID, by))
	case "tenant":
		return t.ID, s.reachable(t, !e.Unreachable)
	}
	return "", fmt.Errorf("unknown action %q", e.Action)
}

// plain keeps a nil *dir.Error from becoming a non-nil error.
func plain(err *dir.Error) error {
	if err == nil {
		return nil
	}
	return err
}

func (s *Server) reachable(t *dir.Tenant, yes bool) error {
	id := "unreachable-" + t.Name
	if yes {
		s.faults.Clear(id)
		return nil
	}
	_, err := s.faults.Put(faults.Rule{ID: id, Match: faults.Match{Tenant: t.ID}, Effect: faults.Effect{Kind: faults.Drop}})
	return err
}

func (s *Server) editUser(t *dir.Tenant, verb string, e simclient.Edit, by dir.Actor) (string, error) {
	if verb == "create" {
		alias, domain, _ := strings.Cut(e.User, "@")
		if !t.Verified(domain) {
			return "", fmt.Errorf("%q does not end in a domain of tenant %s", e.User, t.Name)
		}
		u := &dir.User{AccountEnabled: true}
		u.S[dir.UPN], u.S[dir.Mail], u.S[dir.MailNickname], u.S[dir.UserType], u.S[dir.DisplayName] = e.User, e.User, alias, "Member", e.Name
		if e.Name == "" {
			u.S[dir.DisplayName] = alias
		}
		if err := u.Apply(e.Attributes, true); err != nil {
			return "", err
		}
		made, err := t.CreateUser(u, by)
		if err != nil {
			return "", err
		}
		return made.ID, nil
	}
	if verb == "restore" || verb == "purge" {
		id := e.User
		for _, u := range t.DeletedUsers() {
			if strings.EqualFold(u.S[dir.UPN], e.User) || strings.EqualFold(u.S[dir.Mail], e.User) {
				id = u.ID
			}
		}
		if verb == "purge" {
			return id, plain(t.PurgeUser(id, by))
		}
		_, err := t.RestoreUser(id, by)
		return id, plain(err)
	}
	id, err := world.Principal(t, e.User)
	if err != nil {
		return "", err
	}
	set := func(change func(*dir.User) *dir.Error) error { return plain(t.UpdateUser(id, by, change)) }
	switch verb {
	case "disable", "enable":
		return id, set(func(u *dir.User) *dir.Error { u.AccountEnabled = verb == "enable"; return nil })
	case "delete":
		return id, plain(t.DeleteUser(id, by))
	case "patch":
		return id, set(func(u *dir.User) *dir.Error { return u.Apply(e.Attributes, true) })
	}
	return "", fmt.Errorf("unknown action %q", e.Action)
}

func (s *Server) editGuest(t *dir.Tenant, verb string, e simclient.Edit, by dir.Actor) (string, error) {
	home := graphapi.HomeUser(s.realm, e.User)
	switch verb {
	case "invite":
		var joined *dir.User
		if e.Redeemed {
			if home == nil {
				return "", fmt.Errorf("%q lives in no tenant of this world, so nobody can redeem", e.User)
			}
			joined = home
		}
		name := e.Name
		if name == "" && home != nil {
			name = home.S[dir.DisplayName]
		}
		u, err := t.CreateUser(t.NewExternal(e.User, name, "Guest", joined), by)
		if err != nil {
			return "", err
		}
		return u.ID, nil
	case "redeem":
		id, err := world.Principal(t, e.User)
		if err != nil {
			return "", err
		}
		if home == nil {
			return "", fmt.Errorf("%q lives in no tenant of this world", e.User)
		}
		return id, plain(t.Redeem(id, home))
	}
	return "", fmt.Errorf("unknown action %q", e.Action)
}

func (s *Server) editGroup(t *dir.Tenant, verb string, e simclient.Edit, by dir.Actor) (string, error) {
	if verb == "create" {
		props := dir.Object{"displayName": e.Group, "mailEnabled": false, "securityEnabled": true, "groupTypes": []any{},
			"mailNickname": strings.ReplaceAll(e.Group, " ", ""), "createdDateTime": t.Now()}
		maps.Copy(props, e.Attributes)
		g, err := t.CreateGroup(props, nil, nil, by)
		if err != nil {
			return "", err
		}
		return g.ID, nil
	}
	group, err := world.Principal(t, e.Group)
	if err != nil {
		return "", err
	}
	if verb == "delete" {
		return group, plain(t.DeleteGroup(group, by))
	}
	member, err := world.Principal(t, e.User)
	if err != nil {
		return "", err
	}
	switch verb {
	case "add":
		return group, plain(t.AddMembers(group, []string{member}, by))
	case "remove":
		return group, plain(t.RemoveMember(group, member, by))
	}
	return "", fmt.Errorf("unknown action %q", e.Action)
}

// editContact is what Exchange does: Graph only reads contacts.
func editContact(t *dir.Tenant, verb string, e simclient.Edit) (string, error) {
	known, found := t.Contacts.Find(func(o dir.Object) bool { return strings.EqualFold(o.Text("mail"), e.User) })
	switch {
	case verb == "delete" && !found:
		return "", fmt.Errorf("no contact %q in tenant %s", e.User, t.Name)
	case verb == "delete":
		t.Contacts.Remove(known.ID())
		return known.ID(), nil
	case verb != "create":
		return "", fmt.Errorf("unknown action %q", e.Action)
	case found:
		return "", fmt.Errorf("tenant %s has a contact %q", t.Name, e.User)
	}
	made := world.NewContact(t, e.User, e.Name)
	maps.Copy(made, e.Attributes)
	t.Contacts.Put(made)
	return made.ID(), nil
}

func (s *Server) editApp(t *dir.Tenant, e simclient.Edit, by dir.Actor) (string, error) {
	sp, ok := t.ServicePrincipals.Find(func(o dir.Object) bool {
		return strings.EqualFold(o.Text("appId"), e.App) || strings.EqualFold(o.Text("displayName"), e.App) || o.ID() == e.App
	})
	if !ok {
		return "", fmt.Errorf("%q is no application of tenant %s", e.App, t.Name)
	}
	switch e.Action {
	case "permission.grant":
		if !slices.Contains(graphapi.AllPermissions(), e.Permission) {
			return "", fmt.Errorf("%q is no permission that this simulator knows", e.Permission)
		}
		return sp.ID(), plain(t.Grant(sp.ID(), e.Permission))
	case "permission.revoke":
		if err := t.Revoke(sp.ID(), e.Permission); err != nil {
			return "", fmt.Errorf("%s does not hold %q in tenant %s", sp.Text("displayName"), e.Permission, t.Name)
		}
		return sp.ID(), nil
	case "secret.rotate":
		if e.Secret == "" {
			return "", fmt.Errorf("secret.rotate needs the new secret")
		}
		t.SetSecrets(sp.Text("appId"), []dir.Secret{{KeyID: dir.NewID(), Text: e.Secret, Start: s.clock.Now()}})
		return sp.ID(), nil
	case "app.delete":
		s.graph.DropApplication(t, sp, by)
		return sp.ID(), nil
	case "job.delete":
		for _, j := range s.engine.Jobs(t.ID, sp.ID()) {
			if err := s.engine.DeleteJob(t.ID, sp.ID(), j.ID); err != nil {
				return "", err
			}
		}
		return sp.ID(), nil
	}
	return "", fmt.Errorf("unknown action %q", e.Action)
}

func principalIn(t *dir.Tenant, name string) (string, error) { return world.Principal(t, name) }
