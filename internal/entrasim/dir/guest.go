package dir

import (
	"slices"
	"strings"
)

// Sponsors is the key in User.Extra of the ids of a guest's sponsors.
const Sponsors = "_sponsors"

// HoldsRole tells whether a principal holds a directory role.
func (t *Tenant) HoldsRole(id string) bool {
	_, holds := t.Roles.Find(func(o Object) bool {
		members, _ := o["_members"].([]string)
		return slices.Contains(members, id)
	})
	return holds
}

// SeedRole gives a principal a directory role, which is made when it is not there.
func (t *Tenant) SeedRole(name, principal string) {
	id := StableID(t.ID, "role", name)
	role, ok := t.Roles.Newest(id)
	if !ok {
		role = Object{"id": id, "deletedDateTime": nil, "displayName": name, "description": name, "roleTemplateId": StableID("role", name)}
	}
	members, _ := role["_members"].([]string)
	t.Roles.Seed(Merge(role, Object{"_members": append(slices.Clone(members), principal)}))
}

// ExternalUPN is the sign-in name of a B2B object: alias_sourcedomain#EXT#@initial domain of the host.
func ExternalUPN(address, initialDomain string) string {
	return strings.ReplaceAll(address, "@", "_") + "#EXT#@" + initialDomain
}

// NewExternal prepares a B2B user for an address. A pending one has no alternative security id: it is not joined
// to its home user until it redeems.
func (t *Tenant) NewExternal(address, displayName, userType string, home *User) *User {
	u := &User{AccountEnabled: true, External: true}
	if displayName == "" {
		displayName, _, _ = strings.Cut(address, "@")
	}
	u.S[UPN], u.S[Mail], u.S[DisplayName] = ExternalUPN(address, t.InitialDomain), address, displayName
	u.S[MailNickname] = strings.ReplaceAll(address, "@", "_") + "#EXT#"
	u.S[UserType], u.S[CreationType] = userType, "Invitation"
	u.StateChanged = t.Now().Unix()
	u.S[ExternalUserState] = "PendingAcceptance"
	if home != nil {
		u.S[ExternalUserState], u.S[AltSecID] = "Accepted", home.S[NetID]
	}
	return u
}

// Redeem accepts a pending invitation on behalf of the home user.
func (t *Tenant) Redeem(id string, home *User) *Error {
	return t.UpdateUser(id, Actor{User: home.S[UPN]}, func(u *User) *Error {
		u.S[ExternalUserState], u.S[AltSecID], u.StateChanged = "Accepted", home.S[NetID], t.Now().Unix()
		return nil
	})
}
