package entrasim

import (
	"strings"
	"time"

	"entente.dev/entente/internal/entrasim/dir"
	"entente.dev/entente/internal/entrasim/engine"
)

func (s *Server) engineDirectory(tenantID string) (engine.Directory, bool) {
	t, ok := s.realm.Tenant(tenantID)
	if !ok {
		return nil, false
	}
	return engineDirectory{t}, true
}

func (s *Server) enginePrincipal(tenantID, spID string) (engine.Principal, bool) {
	t, ok := s.realm.Tenant(tenantID)
	if !ok {
		return engine.Principal{}, false
	}
	sp, ok := t.ServicePrincipals.Newest(spID)
	if !ok {
		return engine.Principal{}, false
	}
	return engine.Principal{DisplayName: sp.Text("displayName"), AppID: sp.Text("appId")}, true
}

// engineDirectory is one tenant as the provisioning engine sees it: always the newest state.
type engineDirectory struct{ t *dir.Tenant }

func (d engineDirectory) TenantID() string { return d.t.ID }
func (d engineDirectory) Domain() string   { return d.t.InitialDomain }

func (d engineDirectory) User(id string) (engine.User, bool) {
	u, ok := d.t.Newest(id)
	if !ok || u.Deleted != 0 {
		return engine.User{}, false
	}
	return engineUser(u), true
}

func (d engineDirectory) DeletedUser(id string) (engine.User, bool) {
	u, ok := d.t.Newest(id)
	if !ok || u.Deleted == 0 {
		return engine.User{}, false
	}
	return engineUser(u), true
}

// engineAttributes are the mapped properties beside those that engine.User names.
var engineAttributes = []string{"givenName", "surname", "mailNickname", "jobTitle", "department", "companyName", "employeeId",
	"officeLocation", "streetAddress", "city", "state", "postalCode", "country", "preferredLanguage", "usageLocation", "mobilePhone"}

func engineUser(u *dir.User) engine.User {
	out := engine.User{ID: u.ID, UserPrincipalName: u.S[dir.UPN], Mail: u.S[dir.Mail], DisplayName: u.S[dir.DisplayName],
		UserType: u.S[dir.UserType], AccountEnabled: u.AccountEnabled, External: u.External, ExternalUserState: u.S[dir.ExternalUserState],
		NetID: u.S[dir.NetID], AlternativeSecurityID: u.S[dir.AltSecID], SMSSignIn: u.SMSSignIn, OnPremisesSync: u.OnPremisesSync,
		ManagerID: u.S[dir.ManagerID], DeletedByEngine: u.DeletedByEngine, Attributes: map[string]any{}}
	if u.Deleted != 0 {
		out.DeletedAt = time.Unix(u.Deleted, 0).UTC()
	}
	for _, name := range engineAttributes {
		if f, ok := dir.LookupUserField(name); ok && u.S[f.Text] != "" {
			out.Attributes[name] = u.S[f.Text]
		}
	}
	for k, v := range u.Extra {
		if !strings.HasPrefix(k, "_") {
			out.Attributes[k] = v
		}
	}
	if u.S[dir.BusinessPhone] != "" {
		out.Attributes["businessPhones"] = []string{u.S[dir.BusinessPhone]}
	}
	if u.ShowInAddressList != 0 {
		out.Attributes["showInAddressList"] = u.ShowInAddressList > 0
	}
	return out
}

func (d engineDirectory) EachUser(yield func(engine.User) bool) {
	for cursor := 0; ; {
		page, next := d.t.NewestUsers(cursor, 500)
		for _, u := range page {
			if !yield(engineUser(u)) {
				return
			}
		}
		if next == 0 {
			return
		}
		cursor = next
	}
}

func (d engineDirectory) ChangedSince(watermark uint64) (ids []string, next uint64) {
	next = d.t.Seq()
	seen := map[string]bool{}
	add := func(id string) {
		if !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	for _, ch := range d.t.Changes(watermark, next) {
		switch ch.Kind {
		case dir.ChangeUser:
			add(ch.ID)
		case dir.ChangeMember:
			if !d.isGroup(ch.Other) {
				add(ch.Other)
			}
		case dir.ChangeAssignment:
			if d.isGroup(ch.Other) {
				for _, m := range d.t.DirectUserMembers(ch.Other) {
					add(m)
				}
				continue
			}
			add(ch.Other)
		case dir.ChangeGroup:
			for _, m := range d.t.DirectUserMembers(ch.ID) { // securityEnabled may have changed
				add(m)
			}
		}
	}
	return ids, next
}

func (d engineDirectory) isGroup(id string) bool { _, ok := d.t.NewestGroup(id); return ok }

func (d engineDirectory) Watermark() uint64 { return d.t.Seq() }

func (d engineDirectory) Group(id string) (engine.Group, bool) {
	g, ok := d.t.NewestGroup(id)
	if !ok {
		return engine.Group{}, false
	}
	return engine.Group{ID: g.ID, SecurityEnabled: g.SecurityEnabled()}, true
}

func (d engineDirectory) DirectMembers(groupID string) []string {
	return d.t.DirectUserMembers(groupID)
}

func (d engineDirectory) Assignments(spID string) []engine.Assignment {
	var out []engine.Assignment
	for _, o := range d.t.AssignedTo(spID) {
		created, _ := o["createdDateTime"].(time.Time)
		out = append(out, engine.Assignment{PrincipalID: o.Text("principalId"), PrincipalType: o.Text("principalType"), AppRoleID: o.Text("appRoleId"), CreatedAt: created})
	}
	return out
}

func (d engineDirectory) ByAlternativeSecurityID(key string) []engine.User {
	var out []engine.User
	for _, u := range d.t.ByAltSecID(key) {
		out = append(out, engineUser(u))
	}
	return out
}

func (d engineDirectory) ByAddress(address string) []engine.Holder {
	var out []engine.Holder
	for _, u := range d.t.ByAddress(address) {
		out = append(out, engine.Holder{ID: u.ID, Kind: "user", External: u.External})
	}
	groups, _ := d.t.Groups(0, 10, func(g *dir.Group) bool { return strings.EqualFold(g.Props.Text("mail"), address) && address != "" })
	for _, g := range groups {
		out = append(out, engine.Holder{ID: g.ID, Kind: "group"})
	}
	if o, ok := d.t.Contacts.Find(func(o dir.Object) bool { return strings.EqualFold(o.Text("mail"), address) }); ok {
		out = append(out, engine.Holder{ID: o.ID(), Kind: "contact"})
	}
	return out
}

// CreateExternal makes a B2B user that is redeemed at birth.
func (d engineDirectory) CreateExternal(in engine.User) (string, error) {
	u := &dir.User{ID: in.ID, AccountEnabled: in.AccountEnabled, External: true, StateChanged: d.t.Now().Unix()}
	if in.Mail == "" {
		in.Mail = in.UserPrincipalName
	}
	u.S[dir.CreationType], u.S[dir.ExternalUserState] = "Invitation", in.ExternalUserState
	if in.ExternalUserState == "" {
		u.S[dir.ExternalUserState] = "Accepted"
	}
	u.S[dir.AltSecID], u.S[dir.Mail], u.S[dir.DisplayName], u.S[dir.UserType] = in.AlternativeSecurityID, in.Mail, in.DisplayName, in.UserType
	u.S[dir.UPN] = in.UserPrincipalName
	if !strings.Contains(in.UserPrincipalName, "#EXT#") {
		u.S[dir.UPN] = dir.ExternalUPN(in.UserPrincipalName, d.t.InitialDomain)
	}
	u.S[dir.ManagerID] = in.ManagerID
	if err := applyEngine(u, in.Attributes); err != nil {
		return "", err
	}
	made, derr := d.t.CreateUser(u, dir.EngineActor)
	if derr != nil {
		code := "InvitationCreationFailure"
		if derr.Code == "Directory_QuotaExceeded" {
			code = "AzureActiveDirectoryQuotaLimitExceeded"
		}
		return "", &engine.DirectoryError{Code: code, Reason: derr.Message}
	}
	return made.ID, nil
}

// applyEngine sets attributes the engine writes; those without a Graph property (alternativeSecurityIds,
// IsSoftDeleted) are not attributes of the directory's own.
func applyEngine(u *dir.User, attributes map[string]any) error {
	for name, v := range attributes {
		f, ok := dir.LookupUserField(name)
		if !ok {
			continue
		}
		if list, ok := v.([]string); ok {
			items := []any{}
			for _, x := range list {
				items = append(items, x)
			}
			v = items
		}
		if s, text := v.(string); text {
			switch {
			case f.Kind == 'b':
				v = strings.EqualFold(s, "true")
			case f.Collection:
				v = []any{s}
			}
		}
		if f.IsText && f.Text == dir.UPN {
			if s, _ := v.(string); s == "" {
				continue
			}
		}
		if err := u.Apply(map[string]any{name: v}, true); err != nil {
			return &engine.DirectoryError{Code: "InvitationCreationFailureInvalidPropertyValue", Reason: err.Message}
		}
	}
	return nil
}

func (d engineDirectory) Update(id string, attributes map[string]any) error {
	var failed error
	err := d.t.UpdateUser(id, dir.EngineActor, func(u *dir.User) *dir.Error {
		if u.OnPremisesSync {
			failed = &engine.DirectoryError{Code: "AzureActiveDirectoryCannotUpdateObjectsMasteredOnPremises", Reason: "The object is mastered on premises."}
			return dir.BadRequest("on premises")
		}
		for name, v := range attributes {
			text, _ := v.(string)
			switch {
			case strings.EqualFold(name, "alternativeSecurityId"):
				u.S[dir.AltSecID] = text
			case strings.EqualFold(name, "externalUserState") && text != u.S[dir.ExternalUserState]:
				u.StateChanged = d.t.Now().Unix()
			}
		}
		if failed = applyEngine(u, attributes); failed != nil {
			return dir.BadRequest("refused")
		}
		if !strings.Contains(u.S[dir.UPN], "#EXT#") && u.External {
			u.S[dir.UPN] = dir.ExternalUPN(u.S[dir.UPN], d.t.InitialDomain)
		}
		return nil
	})
	if failed != nil {
		return failed
	}
	return refused(err)
}

func refused(err *dir.Error) error {
	if err == nil {
		return nil
	}
	return &engine.DirectoryError{Code: err.Code, Reason: err.Message}
}

func (d engineDirectory) SoftDelete(id string) error {
	return refused(d.t.DeleteUser(id, dir.EngineActor))
}

func (d engineDirectory) Restore(id string) error {
	_, err := d.t.RestoreUser(id, dir.EngineActor)
	return refused(err)
}

func (d engineDirectory) SetManager(id, managerID string) error {
	return refused(d.t.UpdateUser(id, dir.EngineActor, func(u *dir.User) *dir.Error { u.S[dir.ManagerID] = managerID; return nil }))
}

func (d engineDirectory) OutboundConsent(other string) bool {
	return d.t.Consent(other, "outboundAllowed")
}
func (d engineDirectory) InboundConsent(other string) bool {
	return d.t.Consent(other, "inboundAllowed")
}
func (d engineDirectory) InboundSync(other string) bool { return d.t.SyncAllowed(other) }

func (d engineDirectory) InvitationsAllowed() bool {
	_, _, a := d.t.Policy()
	return a.Text("allowInvitesFrom") != "none"
}

func (d engineDirectory) VerifiedDomain(domain string) bool { return d.t.Verified(domain) }
