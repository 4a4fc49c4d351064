package dir

import (
	"slices"
	"time"
)

// auditLog keeps directory audit rows, newest last.
type auditLog struct{ rows []Object }

const auditKeep = 20000 // rows; older ones fall out, as retention does in the service

func target(kind, id, name, upn string) map[string]any {
	return map[string]any{"id": id, "displayName": nullable(name), "type": kind, "userPrincipalName": nullable(upn),
		"groupType": nil, "modifiedProperties": []any{}}
}

func nullable(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// auditRow is called with the lock held.
func (t *Tenant) auditRow(activity, category, operation string, by Actor, targets ...map[string]any) {
	initiator := map[string]any{"app": nil, "user": nil}
	if by.User != "" {
		initiator["user"] = map[string]any{"id": nil, "displayName": nil, "userPrincipalName": by.User, "ipAddress": nil}
	} else {
		initiator["app"] = map[string]any{"appId": nullable(by.AppID), "displayName": nullable(by.App),
			"servicePrincipalId": nullable(by.ServicePrincipalID), "servicePrincipalName": nil}
	}
	list := make([]any, len(targets))
	for i, x := range targets {
		list[i] = x
	}
	id := NewID()
	t.audit.rows = append(t.audit.rows, Object{"id": id, "category": category, "correlationId": NewID(), "result": "success",
		"resultReason": "", "activityDisplayName": activity, "activityDateTime": t.Now(), "loggedByService": "Core Directory",
		"operationType": operation, "initiatedBy": initiator, "targetResources": list, "additionalDetails": []any{}})
	if len(t.audit.rows) > auditKeep+auditKeep/10 {
		t.audit.rows = append([]Object(nil), t.audit.rows[len(t.audit.rows)-auditKeep:]...)
	}
}

// AuditPolicy writes a row of the cross-tenant access categories; the partner's tenant id goes where readers of
// the service find it: targetResources[0].modifiedProperties.
func (t *Tenant) auditPolicy(activity, category string, by Actor, partner string) {
	x := target("Policy", t.ID, "", "")
	x["modifiedProperties"] = []any{map[string]any{"displayName": "tenantId", "oldValue": nil, "newValue": "\"" + partner + "\""}}
	t.auditRow(activity, category, "Update", by, x)
}

// Audit lists rows, newest first, within the 30 days of retention.
func (t *Tenant) Audit() []Object {
	t.mu.RLock()
	rows := slices.Clone(t.audit.rows)
	t.mu.RUnlock()
	slices.Reverse(rows)
	border := t.Now().Add(-30 * 24 * time.Hour)
	return slices.DeleteFunc(rows, func(o Object) bool { at, _ := o["activityDateTime"].(time.Time); return at.Before(border) })
}
