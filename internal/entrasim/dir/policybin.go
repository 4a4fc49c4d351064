package dir

import (
	"slices"
	"strings"
	"time"
)

// Kinds of soft-deleted policies, by their path segment under policies/deletedItems.
const (
	DeletedPartners = "crossTenantPartners"
	DeletedSyncs    = "crossTenantSyncPolicyPartners"
)

// discard keeps a deleted policy for 30 days. The caller holds the lock.
func (t *Tenant) discard(kind, id string, o Object) {
	t.policy.bin = slices.DeleteFunc(t.policy.bin, func(x Object) bool { return x["_kind"] == kind && x["tenantId"] == id })
	t.policy.bin = append(t.policy.bin, Merge(o, Object{"_kind": kind, "id": StableID(t.ID, kind, id), "tenantId": id,
		"deletedDateTime": t.Now().UTC().Truncate(time.Second)}))
}

// DeletedPolicies lists soft-deleted policies of a kind.
func (t *Tenant) DeletedPolicies(kind string) []Object {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.expirePolicies()
	var out []Object
	for _, o := range t.policy.bin {
		if o["_kind"] == kind {
			out = append(out, o)
		}
	}
	return out
}

func (t *Tenant) expirePolicies() {
	border := t.Now().Add(-30 * 24 * time.Hour)
	t.policy.bin = slices.DeleteFunc(t.policy.bin, func(o Object) bool {
		at, _ := o["deletedDateTime"].(time.Time)
		return !at.After(border)
	})
}

// TakeDeletedPolicy removes a soft-deleted policy, by its id or tenant id, for good or, with restore, back to where
// it was.
func (t *Tenant) TakeDeletedPolicy(kind, id string, restore bool) *Error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.expirePolicies()
	i := slices.IndexFunc(t.policy.bin, func(o Object) bool {
		return o["_kind"] == kind && (strings.EqualFold(o.ID(), id) || strings.EqualFold(o.Text("tenantId"), id))
	})
	if i < 0 {
		return NotFound(id)
	}
	o := t.policy.bin[i]
	if restore {
		tenant := o.Text("tenantId")
		back := Merge(o, nil)
		for _, k := range []string{"_kind", "id", "deletedDateTime"} {
			delete(back, k)
		}
		p := t.policy.partners[tenant]
		switch {
		case kind == DeletedPartners && p != nil, kind == DeletedSyncs && p != nil && p.sync != nil:
			return Conflict("tenantId")
		case kind == DeletedSyncs && p == nil:
			return partnerMissing()
		case kind == DeletedPartners:
			t.policy.partners[tenant] = &partner{config: back}
			t.policy.order = append(t.policy.order, tenant)
		default:
			p.sync, p.size = back, 0
		}
	}
	t.policy.bin = slices.Delete(t.policy.bin, i, i+1)
	return nil
}
