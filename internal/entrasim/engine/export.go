package engine

import "fmt"

// export creates, updates or restores the target of a source user in scope.
func (c *cycle) export(u *User, v *verdict, l *link) {
	hash := c.fingerprint(u)
	if !c.initial && !c.onDemand && !c.must[u.ID] && l != nil && l.Active && l.Hash == hash && c.d.Escrows[u.ID] == nil {
		return // touched, but nothing the mapping reads has changed
	}
	if c.policy != nil {
		c.exports++
		c.failPolicy(c.row(u, v, "other"), u, "EntryExportUpdate")
		return
	}
	row := c.row(u, v, "other")
	t, kind, refused := c.resolve(u, l)
	if refused != nil {
		c.exports++
		row.ProvisioningAction = "create"
		c.fail(row, u, "EntryExportAdd", refused)
		return
	}
	switch kind {
	case joinCreate:
		c.create(row, u, hash)
	case joinRestore:
		c.restore(row, u, v, &t, hash)
	case joinGone:
		row.TargetIdentity.ID = t.ID
		c.skipRow(row, u, "EntrySynchronizationSkipped", "The user was deleted in the target and has to be restored there.")
	default:
		c.update(row, u, &t, kind, hash)
	}
}

func (c *cycle) create(row *LogRow, u *User, hash uint64) {
	row.step("EntrySynchronizationAdd", "matching", "success", fmt.Sprintf(
		"User '%s' will be created in %s (User is active and assigned in %s, but no matching User was found in %s)",
		u.UserPrincipalName, targetSystemName, sourceSystemName, targetSystemName), nil)
	if !c.schema.User.Add {
		c.skipRow(row, u, "NotEffectivelyEntitled", "The target object action Add is off.")
		return
	}
	c.exports++
	row.ProvisioningAction = "create"
	n := User{External: true, ExternalUserState: "Accepted", AlternativeSecurityID: altSecID(u), AccountEnabled: true,
		UserType: "Member", Attributes: map[string]any{}}
	for _, f := range c.flows(u, true) {
		assign(&n, f.name, f.value)
		row.modified(f.attr.Target, "", text(f.value))
	}
	id, err := c.tgt.CreateExternal(n)
	if err != nil {
		c.fail(row, u, "EntryExportAdd", err)
		return
	}
	row.TargetIdentity.ID = id
	row.modified("alternativeSecurityIds", "", "(1 values)")
	c.linked(u, id, hash)
	c.succeed(row, u, "create", "EntryExportAdd", fmt.Sprintf("User '%s' was created in %s", u.UserPrincipalName, targetSystemName))
}

// assign sets a property of a user to be created.
func assign(n *User, name string, v any) {
	switch name {
	case "userPrincipalName":
		n.UserPrincipalName = text(v)
	case "mail":
		n.Mail = text(v)
	case "displayName":
		n.DisplayName = text(v)
	case "userType":
		n.UserType = text(v)
	case "accountEnabled":
		n.AccountEnabled, _ = v.(bool)
	default:
		n.Attributes[name] = v
	}
}

// linked remembers the target and what was written.
func (c *cycle) linked(u *User, target string, hash uint64) {
	l := c.d.join(u.ID, target)
	l.Hash, l.Off, l.Name = hash, !u.AccountEnabled, u.UserPrincipalName
	c.touched = append(c.touched, u.ID)
	c.release(u.ID)
}

// restore brings a soft-deleted target back and re-asserts the mapping.
func (c *cycle) restore(row *LogRow, u *User, v *verdict, t *User, hash uint64) {
	c.exports++
	row.TargetIdentity.ID = t.ID
	if !c.schema.User.Add {
		c.skipRow(row, u, "NotEffectivelyEntitled", "The target object action Add is off.")
		return
	}
	row.ProvisioningAction = "update"
	if err := c.tgt.Restore(t.ID); err != nil {
		c.fail(row, u, "EntryExportUpdate", err)
		return
	}
	c.linked(u, t.ID, 0)
	row.modified("IsSoftDeleted", "True", "False")
	now, ok := c.tgt.User(t.ID)
	if !ok {
		now = *t
	}
	if !c.write(row, u, &now, c.changes(u, &now, joinRestore)) {
		return
	}
	c.linked(u, t.ID, hash)
	c.succeed(row, u, "update", "EntryExportUpdate", fmt.Sprintf("User '%s' was restored in %s", u.UserPrincipalName, targetSystemName))
}

// changes is what an update has to write. A guest who never redeemed keeps its user principal name in incremental
// cycles and when a cycle takes it over; on demand and a restart realign it.
func (c *cycle) changes(u, t *User, kind joinKind) []flow {
	flows := differences(c.flows(u, false), t)
	if t.AlternativeSecurityID != "" || t.ExternalUserState != "PendingAcceptance" {
		return flows
	}
	realign := c.onDemand || (c.initial && kind == joinLinked)
	var out []flow
	for _, f := range flows {
		if f.name != "userPrincipalName" || realign {
			out = append(out, f)
		}
	}
	if c.e.sw.AdoptionRedeems {
		state, key := &attribute{Target: "externalUserState"}, &attribute{Target: "alternativeSecurityId"}
		out = append(out, flow{"externalUserState", "Accepted", state}, flow{"alternativeSecurityId", altSecID(u), key})
	}
	return out
}

func (c *cycle) update(row *LogRow, u, t *User, kind joinKind, hash uint64) {
	row.TargetIdentity.ID, row.TargetIdentity.DisplayName = t.ID, t.DisplayName
	row.step("EntryImportByMatchingAttribute", "matching", "success",
		fmt.Sprintf("Retrieved User '%s' from %s", u.UserPrincipalName, targetSystemName), map[string]string{"objectId": t.ID})
	flows := c.changes(u, t, kind)
	if len(flows) == 0 {
		c.linked(u, t.ID, hash)
		c.skipRow(row, u, "RedundantExport", fmt.Sprintf("The state of the user in both the source and target systems already match. "+
			"No change to the User '%s' currently needs to be made.", u.UserPrincipalName))
		return
	}
	if !c.schema.User.Update {
		c.linked(u, t.ID, hash)
		c.skipRow(row, u, "NotEffectivelyEntitled", "The target object action Update is off.")
		return
	}
	run := func() {
		c.exports++
		row.ProvisioningAction = "update"
		if !c.write(row, u, t, flows) {
			return
		}
		c.linked(u, t.ID, hash)
		action := "update"
		if c.e.sw.DisableLoggedAsDisable && t.AccountEnabled && !u.AccountEnabled {
			action = "disable"
		}
		c.succeed(row, u, action, "EntryExportUpdate", fmt.Sprintf("User '%s' was updated in %s", u.UserPrincipalName, targetSystemName))
	}
	if t.AccountEnabled && !u.AccountEnabled && !c.onDemand && c.cfg.ThresholdEnabled && c.e.sw.ThresholdCountsDisables {
		c.removals = append(c.removals, removal{id: u.ID, disable: true, user: *u, run: run})
		return
	}
	run()
}

// write sends the changes; false means the failure is logged.
func (c *cycle) write(row *LogRow, u, t *User, flows []flow) bool {
	if len(flows) == 0 {
		return true
	}
	attributes := make(map[string]any, len(flows))
	for _, f := range flows {
		attributes[f.name] = f.value
		row.modified(f.attr.Target, text(attributeOf(t, f.attr.Target)), text(f.value))
	}
	if t.OnPremisesSync {
		c.fail(row, u, "EntryExportUpdate", &DirectoryError{codeMasteredOnPremises,
			"The target object was synchronized from on-premises and converted; it cannot be updated."})
		return false
	}
	if err := c.tgt.Update(t.ID, attributes); err != nil {
		c.fail(row, u, "EntryExportUpdate", err)
		return false
	}
	return true
}

// references writes managers after all objects exist. Both ends need a link; a manager removed in the source
// leaves the old one in the target (documented).
func (c *cycle) references() {
	if !c.schema.User.Manager || c.fatal != nil || c.policy != nil {
		return
	}
	seen := map[string]bool{}
	for _, id := range append(c.touched, sortedKeys(c.d.Waiting)...) {
		if !seen[id] {
			seen[id] = true
			c.reference(id)
		}
	}
}

func (c *cycle) reference(id string) {
	delete(c.d.Waiting, id)
	u, ok := c.src.User(id)
	l := c.d.Links[id]
	if !ok || l == nil || !l.Active || u.ManagerID == "" {
		return
	}
	m := c.d.Links[u.ManagerID]
	if m == nil || !m.Active {
		c.d.Waiting[id] = u.ManagerID
		return
	}
	t, ok := c.tgt.User(l.Target)
	if !ok || t.ManagerID == m.Target || m.Target == l.Target {
		return
	}
	c.refDeltas++
	c.exports++
	v := c.evaluate(&u)
	row := c.row(&u, &v, "update")
	row.TargetIdentity.ID, row.TargetIdentity.DisplayName = t.ID, t.DisplayName
	row.modified("manager", t.ManagerID, m.Target)
	if err := c.tgt.SetManager(l.Target, m.Target); err != nil {
		c.failReference(row, &u, err)
		return
	}
	row.step("EntryReferenceResolution", "referenceResolution", "success", "The reference manager was resolved", nil)
	c.succeed(row, &u, "update", "EntryExportUpdate", fmt.Sprintf("User '%s' was updated in %s", u.UserPrincipalName, targetSystemName))
}
