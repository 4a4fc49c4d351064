package graphapi

import (
	"strings"

	"entente.dev/entente/internal/entrasim/dir"
)

// deletedPolicyRoutes serve /beta/policies/deletedItems: policies are deleted softly, and no application permission
// reaches the recycle bin (policyDeletableItem, beta).
func deletedPolicyRoutes() []*route {
	var out []*route
	for _, kind := range []string{dir.DeletedPartners, dir.DeletedSyncs} {
		base := "/policies/deletedItems/" + kind
		out = append(out,
			get(base, policyRead, func(c *call) error {
				return c.values(strings.TrimPrefix(base, "/"), shownDeleted(c.t.DeletedPolicies(kind)))
			}),
			get(base+"/{id}", policyRead, func(c *call) error { return c.getDeletedPolicy(kind) }),
			post(base+"/{id}/restore", policyWrite, func(c *call) error { return c.takeDeletedPolicy(kind, true) }),
			del(base+"/{id}", policyWrite, func(c *call) error { return c.takeDeletedPolicy(kind, false) }))
	}
	for _, r := range out {
		r.beta, r.person = true, true
	}
	return out
}

func shownDeleted(list []dir.Object) []dir.Object {
	out := []dir.Object{}
	for _, o := range list {
		o = dir.Merge(o, nil)
		delete(o, "_kind")
		out = append(out, o)
	}
	return out
}

func (c *call) getDeletedPolicy(kind string) error {
	for _, o := range shownDeleted(c.t.DeletedPolicies(kind)) {
		if id := c.params["id"]; strings.EqualFold(o.ID(), id) || strings.EqualFold(o.Text("tenantId"), id) {
			return c.entity(200, "policies/deletedItems/"+kind+"/$entity", o)
		}
	}
	return dir.NotFound(c.params["id"])
}

func (c *call) takeDeletedPolicy(kind string, restore bool) error {
	if err := c.t.TakeDeletedPolicy(kind, c.params["id"], restore); err != nil {
		return err
	}
	return c.noContent()
}
