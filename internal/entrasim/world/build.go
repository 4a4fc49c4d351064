package world

import (
	"encoding/pem"
	"fmt"
	"os"
	"strings"
	"time"

	"entente.dev/entente/internal/entrasim/dir"
)

// Realm is the built world.
type Realm struct {
	list  []*dir.Tenant
	byKey map[string]*dir.Tenant // id, name, domains; lower case
	// People has the passwords and roles of those who sign in, by tenant id and lower-case UPN.
	People map[string]map[string]User
	// Apps has certificates, redirect URIs and the like by tenant id and lower-case client id.
	Apps map[string]map[string]BuiltApp
	// Jobs are to be created once the engine runs.
	Jobs map[string][]Job
}

// BuiltApp is what a registration has beyond its directory objects.
type BuiltApp struct {
	App
	Certificates [][]byte // DER
}

// Tenant finds a tenant by id, name or domain, without regard to case.
func (r *Realm) Tenant(key string) (*dir.Tenant, bool) {
	t, ok := r.byKey[strings.ToLower(key)]
	return t, ok
}

// Tenants lists all in the order of the file.
func (r *Realm) Tenants() []*dir.Tenant { return r.list }

// Build makes the directories. permissions are all that Graph has: each becomes an app role.
func Build(w *World, clock dir.Clock, permissions []string) (*Realm, error) {
	r := &Realm{byKey: map[string]*dir.Tenant{}, People: map[string]map[string]User{}, Apps: map[string]map[string]BuiltApp{}, Jobs: map[string][]Job{}}
	for _, d := range w.Tenants {
		if d.ID == "" {
			d.ID = dir.StableID("tenant", d.Name)
		}
		if d.DisplayName == "" {
			d.DisplayName = d.Name
		}
		t := dir.NewTenant(strings.ToLower(d.ID), d.Name, d.DisplayName, strings.ToLower(d.Domain), clock)
		t.AddPermissions(permissions...)
		r.list = append(r.list, t)
		for _, key := range []string{t.ID, t.Name, t.Domain, t.InitialDomain} {
			r.byKey[strings.ToLower(key)] = t
		}
		r.People[t.ID], r.Apps[t.ID] = map[string]User{}, map[string]BuiltApp{}
		if err := r.users(t, d); err != nil {
			return nil, err
		}
	}
	for i, d := range w.Tenants {
		if err := r.rest(r.list[i], d); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (r *Realm) users(t *dir.Tenant, d Tenant) error {
	created := t.Now().AddDate(-2, 0, 0).Unix()
	for _, x := range d.Users {
		u := &dir.User{ID: dir.StableID(t.ID, "user", strings.ToLower(x.UPN)), AccountEnabled: !x.Disabled, Created: created,
			SMSSignIn: x.SMSSignIn, OnPremisesSync: x.OnPremises}
		alias, _, _ := strings.Cut(x.UPN, "@")
		u.S[dir.UPN], u.S[dir.Mail], u.S[dir.MailNickname], u.S[dir.UserType] = x.UPN, x.UPN, alias, "Member"
		u.S[dir.DisplayName] = x.DisplayName
		if x.DisplayName == "" {
			u.S[dir.DisplayName] = alias
		}
		u.S[dir.GivenName], u.S[dir.Surname], _ = strings.Cut(u.S[dir.DisplayName], " ")
		u.S[dir.NetID] = u.ID
		if x.UserType != "" {
			u.S[dir.UserType] = x.UserType
		}
		if x.Manager != "" {
			u.S[dir.ManagerID] = dir.StableID(t.ID, "user", strings.ToLower(x.Manager))
		}
		if err := u.Apply(x.Attributes, true); err != nil {
			return fmt.Errorf("tenant %s, user %s: %s", t.Name, x.UPN, err.Message)
		}
		t.Seed(u)
		for _, role := range x.AdminRoles {
			t.SeedRole(role, u.ID)
		}
		r.People[t.ID][strings.ToLower(x.UPN)] = x
	}
	if d.Generate != nil {
		crowd(t, *d.Generate)
	}
	return nil
}

// NewContact is a mail contact with one address; without a name, the address says how it is called.
func NewContact(t *dir.Tenant, mail, name string) dir.Object {
	if name == "" {
		name, _, _ = strings.Cut(mail, "@")
	}
	return dir.Object{"id": dir.StableID(t.ID, "contact", strings.ToLower(mail)), "displayName": name, "mail": mail,
		"mailNickname": strings.ReplaceAll(mail, "@", "_"), "proxyAddresses": []any{"SMTP:" + mail}}
}

func (r *Realm) rest(t *dir.Tenant, d Tenant) error {
	for _, g := range d.Guests {
		var home *dir.User
		if h, ok := r.byAddress(g.Of); ok && !g.Pending {
			home = h
		}
		kind := g.UserType
		if kind == "" {
			kind = "Guest"
		}
		u := t.NewExternal(g.Of, "", kind, home)
		u.ID = dir.StableID(t.ID, "guest", strings.ToLower(g.Of))
		u.Created = t.Now().AddDate(-1, 0, 0).Unix()
		u.StateChanged = u.Created
		if h, ok := r.byAddress(g.Of); ok {
			u.S[dir.DisplayName] = h.S[dir.DisplayName]
		}
		if !g.Pending {
			u.S[dir.ExternalUserState] = "Accepted"
		}
		if err := u.Apply(g.Attributes, true); err != nil {
			return fmt.Errorf("tenant %s, guest %s: %s", t.Name, g.Of, err.Message)
		}
		t.Seed(u)
		for _, role := range g.AdminRoles {
			t.SeedRole(role, u.ID)
		}
	}
	for _, x := range d.Contacts {
		t.Contacts.Seed(NewContact(t, x.Mail, x.DisplayName))
	}
	for _, g := range d.Groups {
		if err := t.SeedGroup(dir.StableID(t.ID, "group", strings.ToLower(g.Name)), groupProps(t, g), nil); err != nil {
			return fmt.Errorf("tenant %s, group %s: %s", t.Name, g.Name, err.Message)
		}
	}
	for _, g := range d.Groups {
		id := dir.StableID(t.ID, "group", strings.ToLower(g.Name))
		var members []string
		for _, m := range g.Members {
			x, err := Principal(t, m)
			if err != nil {
				return fmt.Errorf("tenant %s, group %s: %w", t.Name, g.Name, err)
			}
			members = append(members, x)
		}
		t.SeedMembers(id, members)
	}
	for _, a := range d.Apps {
		if err := r.app(t, a); err != nil {
			return err
		}
	}
	for _, p := range d.Partners {
		r.partner(t, p)
	}
	r.Jobs[t.ID] = d.Jobs
	return nil
}

func (r *Realm) byAddress(address string) (*dir.User, bool) {
	_, domain, _ := strings.Cut(address, "@")
	t, ok := r.Tenant(domain)
	if !ok {
		return nil, false
	}
	u, ok := t.Newest(address)
	return u, ok
}

func groupProps(t *dir.Tenant, g Group) dir.Object {
	o := dir.Object{"displayName": g.Name, "mailNickname": strings.ReplaceAll(g.Name, " ", ""), "mailEnabled": g.Mail, "securityEnabled": !g.Mail,
		"groupTypes": []any{}, "createdDateTime": t.Now().AddDate(-1, 0, 0).UTC().Truncate(time.Second), "description": nil}
	if g.Rule != "" {
		o["groupTypes"], o["membershipRule"], o["membershipRuleProcessingState"] = []any{"DynamicMembership"}, g.Rule, "On"
	}
	if g.Mail {
		o["groupTypes"], o["mail"] = append(o["groupTypes"].([]any), "Unified"), strings.ReplaceAll(g.Name, " ", "")+"@"+t.Domain
	}
	return o
}

// Principal finds a user by UPN, id or (for guests) home address, or a group by name or id.
func Principal(t *dir.Tenant, name string) (string, error) {
	if u, ok := t.Newest(name); ok && u != nil {
		return u.ID, nil
	}
	if u, ok := t.Newest(dir.ExternalUPN(name, t.InitialDomain)); ok && u != nil {
		return u.ID, nil
	}
	found, _ := t.Groups(0, 2, func(g *dir.Group) bool { return g.ID == name || strings.EqualFold(g.Props.Text("displayName"), name) })
	switch len(found) {
	case 1:
		return found[0].ID, nil
	case 0:
		return "", fmt.Errorf("%q is no user or group of tenant %s", name, t.Name)
	}
	return "", fmt.Errorf("%q names more than one group of tenant %s; use its id", name, t.Name)
}

func (r *Realm) app(t *dir.Tenant, a App) error {
	built := BuiltApp{App: a}
	if a.Certificate != "" {
		raw, err := os.ReadFile(a.Certificate)
		if err != nil {
			return fmt.Errorf("tenant %s, app %s: %w", t.Name, a.DisplayName, err)
		}
		for block, rest := pem.Decode(raw); block != nil; block, rest = pem.Decode(rest) {
			if block.Type == "CERTIFICATE" {
				built.Certificates = append(built.Certificates, block.Bytes)
			}
		}
		if len(built.Certificates) == 0 {
			return fmt.Errorf("tenant %s, app %s: %s holds no certificate", t.Name, a.DisplayName, a.Certificate)
		}
	}
	appID := strings.ToLower(a.ClientID)
	r.Apps[t.ID][appID] = built
	created := t.Now().AddDate(-1, 0, 0).UTC().Truncate(time.Second)
	uris := []any{}
	for _, u := range a.RedirectURIs {
		uris = append(uris, u)
	}
	creds, secrets := []any{}, []dir.Secret{}
	for i, s := range a.Secrets {
		key := dir.StableID(t.ID, appID, "secret", fmt.Sprint(i))
		secrets = append(secrets, dir.Secret{KeyID: key, Text: s, Start: created})
		creds = append(creds, map[string]any{"keyId": key, "displayName": "from the world file", "hint": s[:min(3, len(s))], "secretText": nil,
			"startDateTime": created, "endDateTime": created.AddDate(30, 0, 0), "customKeyIdentifier": nil})
	}
	t.SetSecrets(appID, secrets)
	t.Applications.Seed(dir.Object{"id": dir.StableID(t.ID, "app", appID), "appId": appID, "displayName": a.DisplayName, "createdDateTime": created,
		"signInAudience": "AzureADMyOrg", "publisherDomain": t.Domain, "tags": []any{}, "identifierUris": []any{}, "appRoles": []any{},
		"passwordCredentials": creds, "web": map[string]any{"redirectUris": uris}})
	sp := dir.StableID(t.ID, "sp", appID)
	t.ServicePrincipals.Seed(dir.Object{"id": sp, "appId": appID, "displayName": a.DisplayName, "appDisplayName": a.DisplayName,
		"accountEnabled": true, "servicePrincipalType": "Application", "appOwnerOrganizationId": t.ID, "signInAudience": "AzureADMyOrg",
		"appRoleAssignmentRequired": false, "appRoles": []any{}, "tags": []any{}, "servicePrincipalNames": []any{appID}, "replyUrls": uris})
	for _, p := range a.Permissions {
		if err := t.Grant(sp, p); err != nil {
			return err
		}
	}
	return nil
}

func (r *Realm) partner(t *dir.Tenant, p Partner) {
	other, _ := r.Tenant(p.Tenant)
	consent := map[string]any{}
	if p.InboundAllowed != nil {
		consent["inboundAllowed"] = *p.InboundAllowed
	}
	if p.OutboundAllowed != nil {
		consent["outboundAllowed"] = *p.OutboundAllowed
	}
	by := dir.Actor{App: "world file"}
	_, _ = t.CreatePartner(other.ID, dir.Object{"automaticUserConsentSettings": consent}, by)
	if p.SyncAllowed != nil {
		_ = t.PutSync(other.ID, dir.Object{"userSyncInbound": map[string]any{"isSyncAllowed": *p.SyncAllowed}}, by)
	}
}
