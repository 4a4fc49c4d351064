package engine

import "fmt"

// row starts the log row of one change with its import and scoping steps.
func (c *cycle) row(u *User, v *verdict, action string) *LogRow {
	p := &c.principal
	tenant := c.src.TenantID()
	if c.e.sw.LogTenantIsTarget {
		tenant = c.tgt.TenantID()
	}
	r := &LogRow{
		ID: c.e.newID(), ChangeID: c.e.newID(), CycleID: c.id, JobID: c.j.id, TenantID: tenant,
		ActivityDateTime: c.at, ProvisioningAction: action,
		InitiatedBy:      Initiator{DisplayName: "Azure AD Provisioning Service", InitiatorType: "system"},
		ServicePrincipal: Identity{c.j.key.ID, p.DisplayName},
		SourceSystem:     System{c.src.TenantID(), sourceSystemName, map[string]string{}},
		TargetSystem: System{c.tgt.TenantID(), targetSystemName, map[string]string{"ApplicationId": p.AppID,
			"ServicePrincipalId": c.j.key.ID, "ServicePrincipalDisplayName": p.DisplayName}},
		SourceIdentity: ProvisionedIdentity{u.ID, u.DisplayName, "User", map[string]string{"id": u.ID, "odatatype": "User",
			"DisplayName": u.DisplayName, "UserPrincipalName": u.UserPrincipalName}},
		TargetIdentity:         ProvisionedIdentity{IdentityType: "User", Details: map[string]string{}},
		ProvisioningStatusInfo: StatusInfo{Status: "success"},
		ProvisioningSteps:      make([]Step, 0, 4),
		ModifiedProperties:     []ModifiedProperty{},
	}
	r.DurationInMilliseconds = 200 + int32(r.ID[0])*16 + int32(r.ID[1])
	name, description := "EntryImportUpdate", "Received User '%s' change of type (Update) from %s"
	if c.initial {
		name, description = "EntryImportAdd", "Received User '%s' change of type (Add) from %s"
	}
	if c.onDemand {
		name, description = "EntryImport", "Retrieved User '%s' from %s"
	}
	r.step(name, "import", "success", fmt.Sprintf(description, u.UserPrincipalName, sourceSystemName), c.importDetails(u, v))
	r.step("EntrySynchronizationScoping", "scoping", "success",
		"Determine if User in scope by evaluating against each scoping filter", v.details())
	return r
}

func (c *cycle) importDetails(u *User, v *verdict) map[string]string {
	role := ""
	if v.entitled() {
		role = c.principal.RoleName
	}
	return map[string]string{
		"objectId": u.ID, "accountEnabled": text(u.AccountEnabled), "department": text(attributeOf(u, "department")),
		"displayName": u.DisplayName, "mail": u.Mail, "mailNickname": text(attributeOf(u, "mailNickname")),
		"userPrincipalName": u.UserPrincipalName, "netId": u.NetID, "showInAddressList": text(attributeOf(u, "showInAddressList")),
		"alternativeSecurityIds": text(attributeOf(u, "alternativeSecurityIds")), "IsSoftDeleted": text(!u.DeletedAt.IsZero()),
		"appRoleAssignments": role,
	}
}

func (r *LogRow) step(name, kind, status, description string, details map[string]string) {
	if details == nil {
		details = map[string]string{}
	}
	r.ProvisioningSteps = append(r.ProvisioningSteps, Step{name, kind, status, description, details})
}

// modified notes a property; an empty old value is null.
func (r *LogRow) modified(name, before, after string) {
	m := ModifiedProperty{DisplayName: name, NewValue: &after}
	if before != "" {
		m.OldValue = &before
	}
	r.ModifiedProperties = append(r.ModifiedProperties, m)
}

// skip logs a user that is not exported.
func (c *cycle) skip(u *User, v *verdict, reason, description string) {
	delete(c.d.Escrows, u.ID)
	row := c.row(u, v, "other")
	if l := c.d.Links[u.ID]; l != nil {
		row.TargetIdentity.ID = l.Target
	}
	row.ProvisioningSteps[1].Status = "skipped"
	c.skipRow(row, u, reason, description)
}

func (c *cycle) skipRow(row *LogRow, u *User, reason, description string) {
	row.ProvisioningAction, row.ProvisioningStatusInfo.Status = "other", "skipped"
	row.ProvisioningStatusInfo.ErrorInformation = &ErrorInfo{ErrorCode: reason, Reason: description, ErrorCategory: "success"}
	row.step("EntrySynchronizationSkip", "export", "skipped", description, map[string]string{"SkipReason": reason})
	c.rows = append(c.rows, row)
}

func (c *cycle) succeed(row *LogRow, u *User, action, step, description string) {
	c.successes++
	c.exported++
	c.release(u.ID)
	row.ProvisioningAction = action
	row.step(step, "export", "success", description, map[string]string{"ReportableIdentifier": u.UserPrincipalName})
	c.rows = append(c.rows, row)
}

// fail logs a refusal of the target and puts the object into escrow.
func (c *cycle) fail(row *LogRow, u *User, step string, err error) {
	c.failures++
	code, reason := refusal(err)
	c.failed(row, u, step, code, reason)
	if !c.onDemand {
		c.hold(u.ID, code, false)
	}
}

func (c *cycle) failReference(row *LogRow, u *User, err error) {
	c.refFailures++
	code, reason := refusal(err)
	row.step("EntryReferenceResolution", "referenceResolution", "failure", reason, nil)
	c.failed(row, u, "EntryExportUpdate", code, reason)
	if !c.onDemand {
		c.hold(u.ID, code, true)
	}
}

// failPolicy logs an export that a policy between the tenants forbids. No escrow: the whole job goes into
// quarantine, and the watermark stays where it was.
func (c *cycle) failPolicy(row *LogRow, u *User, step string) {
	c.failed(row, u, step, c.policy.code, c.policy.message)
}

func (c *cycle) failed(row *LogRow, u *User, step, code, reason string) {
	category := "nonServiceFailure"
	if transientCodes[code] {
		category = "failure"
	}
	row.ProvisioningStatusInfo = StatusInfo{"failure", &ErrorInfo{ErrorCode: code, Reason: reason, ErrorCategory: category}}
	row.step(step, "export", "failure", fmt.Sprintf("Failed to export User '%s' to %s", u.UserPrincipalName, targetSystemName),
		map[string]string{"ErrorCode": code, "ReportableIdentifier": u.UserPrincipalName})
	c.rows = append(c.rows, row)
}
