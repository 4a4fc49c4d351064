package graphapi

import (
	"net/url"
	"slices"
	"strings"

	"entente.dev/entente/internal/entrasim/dir"
)

// HomeUser finds the internal user behind an address anywhere in the world.
func HomeUser(w World, address string) *dir.User {
	_, domain, _ := strings.Cut(address, "@")
	t, ok := w.Tenant(domain)
	if !ok {
		return nil
	}
	for _, u := range t.ByAddress(address) {
		if !u.External {
			return u
		}
	}
	return nil
}

// invitation is the body of POST /invitations.
type invitation struct {
	address, name, kind string
	redirect            string
	send, reset         bool
	message             any
	user                string // id: reset of a redemption, or conversion of an internal account
	sponsors            []string
}

func badInvitation(message string) error {
	return &dir.Error{Status: 400, Code: "BadRequest", Message: message}
}

func (c *call) readInvitation() (in invitation, err error) {
	props, bindings, err := c.properties("invitation", "invitedUser", "invitedUserSponsors")
	if err != nil {
		return in, err
	}
	text := func(name string) string { s, _ := props[name].(string); return s }
	in = invitation{address: text("invitedUserEmailAddress"), name: text("invitedUserDisplayName"), kind: text("invitedUserType"),
		redirect: text("inviteRedirectUrl"), send: props["sendInvitationMessage"] == true, reset: props["resetRedemption"] == true,
		message: props["invitedUserMessageInfo"]}
	if m, ok := props["invitedUser"].(map[string]any); ok {
		in.user, _ = m["id"].(string)
	}
	if list, ok := props["invitedUserSponsors"].([]any); ok {
		for _, x := range list {
			m, _ := x.(map[string]any)
			id, _ := m["id"].(string)
			if id == "" {
				id = lastSegment(m["@odata.id"])
			}
			in.sponsors = append(in.sponsors, strings.ToLower(id))
		}
	}
	for k, v := range bindings {
		if strings.EqualFold(k, "invitedUserSponsors@odata.bind") {
			in.sponsors = append(in.sponsors, references(v)...)
		}
	}
	if in.kind == "" {
		in.kind = "Guest"
	}
	switch {
	case !strings.Contains(in.address, "@") || in.redirect == "":
		return in, badInvitation("The invited user email address or the redirect URL is missing or not valid.")
	case in.kind != "Guest" && in.kind != "Member":
		return in, badInvitation("Invalid value specified for property 'invitedUserType'.")
	case in.reset && in.user == "":
		return in, badInvitation("resetRedemption needs the id of the invited user.")
	}
	for _, id := range in.sponsors {
		if k := c.t.KindOf(id); k != "user" && k != "group" {
			return in, dir.NotFound(id)
		}
	}
	return in, nil
}

// invite serves POST /invitations: the guest exists at once and is pending until its person redeems.
func (c *call) invite() error {
	in, err := c.readInvitation()
	if err != nil {
		return err
	}
	if err := c.mayInvite(in.address); err != nil {
		return err
	}
	var guest *dir.User
	switch {
	case in.reset:
		guest, err = c.resetRedemption(in)
	case in.user != "":
		guest, err = c.convertInternal(in)
	default:
		guest, err = c.guestOf(in)
	}
	if err != nil {
		return err
	}
	status := "PendingAcceptance"
	if guest.S[dir.ExternalUserState] == "Accepted" {
		status = "Completed"
	}
	message := map[string]any{"messageLanguage": nil, "customizedMessageBody": nil,
		"ccRecipients": []any{map[string]any{"emailAddress": map[string]any{"name": nil, "address": nil}}}}
	if given, ok := in.message.(map[string]any); ok && c.claims.Delegated() { // an application's text is dropped
		message = dir.Merge(message, given)
	}
	redeem := "https://login.microsoftonline.com/redeem?rd=" + url.QueryEscape(c.base+"/redeem/"+c.t.ID+"/"+guest.ID)
	return c.entity(201, "invitations/$entity", dir.Object{"id": dir.NewID(), "inviteRedeemUrl": redeem,
		"invitedUserDisplayName": guest.S[dir.DisplayName], "invitedUserEmailAddress": in.address, "invitedUserType": in.kind,
		"inviteRedirectUrl": in.redirect, "resetRedemption": in.reset, "sendInvitationMessage": in.send, "status": status,
		"invitedUserMessageInfo": message, "invitedUser": map[string]any{"id": guest.ID}})
}

// mayInvite checks the tenant's own setting and its access policy toward the invited person's organization. The
// statuses are not documented.
func (c *call) mayInvite(address string) error {
	_, defaults, a := c.t.Policy()
	from := a.Text("allowInvitesFrom")
	if from == "none" || from == "adminsAndGuestInviters" && !c.claims.Delegated() {
		return &dir.Error{Status: 403, Code: "Forbidden", Message: "Guest invitations not allowed for your company. Contact your company administrator for more details."}
	}
	inbound := defaults["b2bCollaborationInbound"]
	_, domain, _ := strings.Cut(address, "@")
	if home, ok := c.s.World.Tenant(domain); ok {
		if config, _, ok := c.t.Partner(home.ID); ok && config["b2bCollaborationInbound"] != nil {
			inbound = config["b2bCollaborationInbound"]
		}
	}
	who, _ := dig(inbound, "usersAndGroups").(map[string]any)
	targets, _ := who["targets"].([]any)
	all := slices.ContainsFunc(targets, func(x any) bool { return dig(x, "target") == "AllUsers" })
	if who["accessType"] == "blocked" && (all || len(targets) == 0) {
		return &dir.Error{Status: 403, Code: "Forbidden", Message: "The invitation is blocked by cross-tenant access settings."}
	}
	return nil
}

func dig(v any, name string) any {
	switch m := v.(type) {
	case map[string]any:
		return m[name]
	case dir.Object:
		return m[name]
	}
	return nil
}

// guestOf finds the guest of an address, or makes one. An internal account of the address, or a blocked one, is
// refused; a mail contact of the address takes the proxy address away (user-properties and troubleshoot pages).
func (c *call) guestOf(in invitation) (*dir.User, error) {
	known := c.t.ByAddress(in.address)
	for _, u := range known {
		if !u.External || !u.AccountEnabled {
			return nil, badInvitation("The invited user already exists in the directory as object ID: " + u.ID + ". They can use that account to sign in to shared apps and resources.")
		}
	}
	if len(known) > 0 {
		return known[0], nil
	}
	groups, _ := c.t.Groups(0, 1, func(g *dir.Group) bool { return strings.EqualFold(g.Props.Text("mail"), in.address) })
	if len(groups) > 0 {
		return nil, badInvitation("The invited user's email address conflicts with a proxy address of the object " + groups[0].ID + ".")
	}
	u := c.t.NewExternal(in.address, in.name, in.kind, nil)
	u.Extra = map[string]any{}
	if _, clash := c.t.Contacts.Find(func(o dir.Object) bool { return strings.EqualFold(o.Text("mail"), in.address) }); clash {
		u.Extra["proxyAddresses"] = []any{}
	}
	if in.sponsors == nil && c.claims.Delegated() {
		in.sponsors = []string{c.claims.ObjectID}
	}
	if in.sponsors != nil {
		u.Extra[dir.Sponsors] = in.sponsors
	}
	made, err := c.t.CreateUser(u, c.actor())
	if err != nil {
		return nil, err
	}
	return made, nil
}

// resetRedemption makes a guest redeem anew: id and memberships stay. The address must be one of the guest's
// already; applications may not do it to holders of directory roles, and nobody to a redeemed member of the same
// multitenant organization.
func (c *call) resetRedemption(in invitation) (*dir.User, error) {
	u, ok := c.t.User(in.user)
	switch {
	case !ok:
		return nil, dir.NotFound(in.user)
	case !u.External:
		return nil, badInvitation("The redemption of an internal user cannot be reset.")
	case !holdsAddress(u, in.address):
		return nil, badInvitation("The invited user email address must be the mail or one of the otherMails of the user.")
	case !c.claims.Delegated() && c.t.HoldsRole(u.ID):
		return nil, &dir.Error{Status: 403, Code: "Authorization_RequestDenied", Message: "Insufficient privileges to complete the operation."}
	case u.S[dir.ExternalUserState] == "Accepted" && c.sameOrganization(u):
		return nil, badInvitation("Resetting the redemption is not available for users of the same multitenant organization.")
	}
	return c.changed(u.ID, func(x *dir.User) {
		x.S[dir.ExternalUserState], x.S[dir.AltSecID], x.StateChanged = "PendingAcceptance", "", c.t.Now().Unix()
		x.S[dir.Mail] = in.address
	})
}

// convertInternal turns an internal account into a B2B one that keeps its id and sign-in name.
func (c *call) convertInternal(in invitation) (*dir.User, error) {
	u, ok := c.t.User(in.user)
	switch {
	case !ok:
		return nil, dir.NotFound(in.user)
	case u.External:
		return nil, badInvitation("The user is external already; use resetRedemption.")
	case !holdsAddress(u, in.address):
		return nil, badInvitation("The invited user email address must be the mail or one of the otherMails of the user.")
	}
	return c.changed(u.ID, func(x *dir.User) {
		x.External, x.S[dir.ExternalUserState], x.StateChanged = true, "PendingAcceptance", c.t.Now().Unix()
		x.S[dir.Mail], x.S[dir.NetID] = in.address, ""
	})
}

func (c *call) changed(id string, f func(*dir.User)) (*dir.User, error) {
	if err := c.t.UpdateUser(id, c.actor(), func(x *dir.User) *dir.Error { f(x); return nil }); err != nil {
		return nil, err
	}
	u, _ := c.t.Newest(id)
	return u, nil
}

func holdsAddress(u *dir.User, address string) bool {
	if strings.EqualFold(u.S[dir.Mail], address) {
		return true
	}
	f, _ := dir.LookupUserField("otherMails")
	list, _ := f.Get(u).([]any)
	return slices.ContainsFunc(list, func(x any) bool { s, _ := x.(string); return strings.EqualFold(s, address) })
}

// sameOrganization tells whether a guest's home tenant is in the multitenant organization of the caller's tenant.
func (c *call) sameOrganization(u *dir.User) bool {
	_, domain, _ := strings.Cut(u.S[dir.Mail], "@")
	home, ok := c.s.World.Tenant(domain)
	if !ok {
		return false
	}
	r, unlock := c.lockRealm()
	defer unlock()
	return r.of[c.t.ID] != "" && r.of[c.t.ID] == r.of[home.ID]
}

// listSponsors serves /users/{id}/sponsors.
func (c *call) listSponsors() error {
	u, ok := c.t.User(c.params["id"])
	if !ok {
		return dir.NotFound(c.params["id"])
	}
	ids, _ := u.Extra[dir.Sponsors].([]string)
	return c.wholeList(ids)
}

// contacts are mail contacts: read only, as in Graph.
func (c *call) listContacts() error {
	return c.objects("contacts", "orgContact", c.t.Contacts.List(nil), nil, maxPage)
}

func (c *call) getContact() error {
	o, ok := c.t.Contacts.Get(c.params["id"])
	if !ok {
		return dir.NotFound(c.params["id"])
	}
	return c.one(200, "contacts", "orgContact", o, nil)
}
