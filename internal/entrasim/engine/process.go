package engine

import (
	"fmt"
	"sort"
	"strings"
)

// removal is a deletion or disable that waits for the end of the cycle, when the threshold is known to hold.
type removal struct {
	id      string
	disable bool
	user    User
	verdict verdict
	run     func()
}

// altSecID is AltSecIdFromNetId([netId]), the only matching key.
func altSecID(u *User) string {
	if u.NetID != "" {
		return u.NetID
	}
	return u.ID
}

// one decides about one source user.
func (c *cycle) one(id string) {
	l := c.d.Links[id]
	active := l != nil && l.Active
	u, live := c.src.User(id)
	if !live {
		delete(c.d.Escrows, id)
		if active {
			c.remove(c.ghost(id, l), verdict{}, l)
		}
		return
	}
	v := c.evaluate(&u)
	if v.inScope() {
		c.entitledCount++
	}
	switch {
	case !v.eligible || !v.input:
		c.skip(&u, &v, "NotEffectivelyEntitled", "The user is not an internal member who can be synchronized.")
	case v.inScope() && !u.AccountEnabled && !active:
		c.skip(&u, &v, "NotEffectivelyEntitled", "The user is not active in the source system and was never provisioned.")
	case v.inScope():
		c.export(&u, &v, l)
	case !active:
		c.skip(&u, &v, "NotEffectivelyEntitled", "The user is not in scope.")
	default:
		c.remove(u, v, l)
	}
}

// ghost stands for a source user that is deleted: what the recycle bin or the link still tells.
func (c *cycle) ghost(id string, l *link) User {
	if u, ok := c.src.DeletedUser(id); ok {
		return u
	}
	return User{ID: id, DisplayName: l.Name, UserPrincipalName: l.Name}
}

// join kinds tell how an export found its target.
type joinKind int

const (
	joinCreate joinKind = iota
	joinLinked
	joinMatched // by key, for the first time
	joinAdopted // by address: a pending guest, or a user that two source users share
	joinRestore
	joinGone // a target admin deleted it: left alone
)

// resolve finds the target: the remembered id, then the key among external users, then the address. Internal
// target users never match; an address of theirs refuses the invitation.
func (c *cycle) resolve(u *User, l *link) (User, joinKind, *DirectoryError) {
	if l != nil {
		if t, kind, ok := c.remembered(l); ok {
			return t, kind, nil
		}
	}
	var best *User
	found := c.tgt.ByAlternativeSecurityID(altSecID(u))
	sort.Slice(found, func(i, k int) bool { return found[i].ID < found[k].ID })
	for i := range found {
		t := &found[i]
		switch {
		case !t.External:
		case t.DeletedAt.IsZero():
			return *t, joinMatched, nil
		case c.revivable(t) && (best == nil || t.DeletedAt.After(best.DeletedAt)):
			best = t
		}
	}
	if best != nil {
		return *best, joinRestore, nil
	}
	return c.byAddress(u)
}

// remembered judges a link's target. A target admin's deletion is not noticed by cycles and not undone by them.
func (c *cycle) remembered(l *link) (User, joinKind, bool) {
	if t, ok := c.tgt.User(l.Target); ok {
		return t, joinLinked, true
	}
	t, ok := c.tgt.DeletedUser(l.Target)
	switch {
	case !ok:
		return User{}, 0, false
	case c.revivable(&t):
		return t, joinRestore, true
	case l.Active && !t.DeletedByEngine:
		return t, joinGone, true
	}
	return User{}, 0, false
}

// revivable: soft-deleted by the engine (or left by the person) within 30 days. On demand never restores.
func (c *cycle) revivable(t *User) bool {
	if c.onDemand && c.e.sw.OnDemandDuplicates {
		return false
	}
	mine := t.DeletedByEngine || (t.DeletedBySelf && c.e.sw.LeaversReturn)
	return mine && !t.DeletedAt.IsZero() && c.at.Sub(t.DeletedAt) <= restorable
}

// byAddress looks who holds the addresses an invitation would use.
func (c *cycle) byAddress(u *User) (User, joinKind, *DirectoryError) {
	adopt := ""
	for _, a := range addresses(u) {
		for _, h := range c.tgt.ByAddress(a) {
			switch {
			case h.Kind == "group":
				return User{}, 0, &DirectoryError{codeInvalidProperty, "The address is used by a group of the target tenant."}
			case h.Kind == "user" && !h.External:
				return User{}, 0, &DirectoryError{codeAmbiguousUser,
					"The user's proxy address matches the proxy address of an internal user of the target tenant."}
			case h.Kind == "user" && (adopt == "" || h.ID < adopt):
				adopt = h.ID
			}
		}
	}
	if adopt != "" {
		if t, ok := c.tgt.User(adopt); ok {
			return t, joinAdopted, nil
		}
	}
	if !c.tgt.InvitationsAllowed() {
		return User{}, 0, &DirectoryError{codeForbidden, "Guest invitations not allowed for your company. Contact your company administrator for more details."}
	}
	if at := strings.LastIndexByte(u.Mail, '@'); at >= 0 && !c.src.VerifiedDomain(u.Mail[at+1:]) {
		return User{}, 0, &DirectoryError{codeInvalidProperty, "The domain of the mail address is not verified in the source tenant."}
	}
	return User{}, joinCreate, nil
}

// addresses are mail and proxy addresses, or the user principal name of a user without mail.
func addresses(u *User) []string {
	seen := map[string]bool{}
	var out []string
	add := func(a string) {
		if a = strings.ToLower(a); a != "" && !seen[a] {
			seen[a] = true
			out = append(out, a)
		}
	}
	add(u.Mail)
	for _, p := range texts(u.Attributes["proxyAddresses"]) {
		if len(p) > 5 && strings.EqualFold(p[:5], "smtp:") {
			add(p[5:])
		}
	}
	if len(out) == 0 {
		add(u.UserPrincipalName)
	}
	return out
}

// remove takes a user out of the target, or leaves it where the documented exceptions say so.
func (c *cycle) remove(u User, v verdict, l *link) {
	_, live := c.src.User(u.ID)
	switch {
	case !c.schema.User.Delete:
		c.skip(&u, &v, "NotEffectivelyEntitled", "The target object action Delete is off.")
	case live && !u.AccountEnabled && l.Off && !v.entitled():
		// Disabled first and unassigned later: the disabled account stays (overview, explicit exception).
		c.skip(&u, &v, "NotEffectivelyEntitled", "The user was disabled before it left the scope and stays disabled in the target.")
	default:
		r := removal{id: u.ID, user: u, verdict: v, run: func() { c.deprovision(u, v, l) }}
		if c.onDemand {
			r.run()
			return
		}
		c.removals = append(c.removals, r)
	}
}

func (c *cycle) deprovision(u User, v verdict, l *link) {
	row := c.row(&u, &v, "delete")
	row.TargetIdentity.ID = l.Target
	c.exports++
	if c.policy != nil {
		c.failPolicy(row, &u, "EntryExportDelete")
		return
	}
	if c.e.sw.SharedTargetSurvives && len(c.d.holders[l.Target]) > 1 {
		c.d.part(u.ID, c.at)
		c.succeed(row, &u, "other", "EntryExportDelete", "The link to a shared target user was removed")
		return
	}
	if _, ok := c.tgt.User(l.Target); ok {
		if err := c.tgt.SoftDelete(l.Target); err != nil {
			c.fail(row, &u, "EntryExportDelete", err)
			return
		}
	}
	c.d.part(u.ID, c.at)
	delete(c.d.Waiting, u.ID)
	row.modified("IsSoftDeleted", "False", "True")
	c.succeed(row, &u, "delete", "EntryExportDelete", fmt.Sprintf("User '%s' was deleted in %s", u.UserPrincipalName, targetSystemName))
}

// stage logs a removal the threshold held back.
func (c *cycle) stage(r removal) {
	row := c.row(&r.user, &r.verdict, "stagedDelete")
	if l := c.d.Links[r.id]; l != nil {
		row.TargetIdentity.ID = l.Target
	}
	row.ProvisioningStatusInfo.Status = "skipped"
	row.step("EntrySynchronizationSkip", "export", "skipped",
		"The deletion is held back because it exceeds the accidental deletion threshold.", map[string]string{"SkipReason": reasonDeletes})
	c.rows = append(c.rows, row)
}
