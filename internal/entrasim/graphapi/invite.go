package graphapi

import (
	"net/url"
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

// invite serves POST /invitations: the guest exists at once and is pending until its person redeems.
func (c *call) invite() error {
	props, _, err := c.properties("invitation", "invitedUser", "invitedUserSponsors")
	if err != nil {
		return err
	}
	text := func(name string) string { s, _ := props[name].(string); return s }
	address := text("invitedUserEmailAddress")
	if !strings.Contains(address, "@") || text("inviteRedirectUrl") == "" {
		return &dir.Error{Status: 400, Code: "BadRequest", Message: "The invited user email address or the redirect URL is missing or not valid."}
	}
	if _, _, a := c.t.Policy(); a.Text("allowInvitesFrom") == "none" || a.Text("allowInvitesFrom") == "adminsAndGuestInviters" && !c.claims.Delegated() {
		return &dir.Error{Status: 403, Code: "Forbidden", Message: "Guest invitations not allowed for your company. Contact your company administrator for more details."}
	}
	kind := text("invitedUserType")
	if kind == "" {
		kind = "Guest"
	}
	if kind != "Guest" && kind != "Member" {
		return &dir.Error{Status: 400, Code: "BadRequest", Message: "Invalid value specified for property 'invitedUserType'."}
	}
	var guest *dir.User
	for _, u := range c.t.ByAddress(address) {
		if !u.External {
			return &dir.Error{Status: 400, Code: "BadRequest", Message: "The invited user already exists in the directory as object ID: " + u.ID + ". They can use that account to sign in to shared apps and resources."}
		}
		guest = u
	}
	if guest == nil {
		u, derr := c.t.CreateUser(c.t.NewExternal(address, text("invitedUserDisplayName"), kind, nil), c.actor())
		if derr != nil {
			return derr
		}
		guest = u
	}
	id := dir.NewID()
	status := "PendingAcceptance"
	if guest.S[dir.ExternalUserState] == "Accepted" {
		status = "Completed"
	}
	redeem := "https://login.microsoftonline.com/redeem?rd=" + url.QueryEscape(c.base+"/redeem/"+c.t.ID+"/"+guest.ID)
	out := dir.Object{"id": id, "inviteRedeemUrl": redeem, "invitedUserDisplayName": guest.S[dir.DisplayName], "invitedUserEmailAddress": address,
		"invitedUserType": kind, "inviteRedirectUrl": props["inviteRedirectUrl"], "resetRedemption": props["resetRedemption"] == true,
		"sendInvitationMessage": props["sendInvitationMessage"] == true, "status": status,
		"invitedUserMessageInfo": map[string]any{"messageLanguage": nil, "customizedMessageBody": nil,
			"ccRecipients": []any{map[string]any{"emailAddress": map[string]any{"name": nil, "address": nil}}}},
		"invitedUser": map[string]any{"id": guest.ID}}
	return c.entity(201, "invitations/$entity", out)
}
