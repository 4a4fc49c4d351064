package topology

import "entente.dev/entente/internal/ident"

// Digest names the content of the topology. Positions in the file, comments and order do not matter.
func (t *Topology) Digest() string { return ident.Digest(t) }

// TenantByName finds a tenant by its short name.
func (t *Topology) TenantByName(name ident.Tenant) (Tenant, bool) {
	for _, tenant := range t.Tenants {
		if tenant.Name == name {
			return tenant, true
		}
	}
	return Tenant{}, false
}

// Set finds a user set by name.
func (t *Topology) Set(name string) (UserSet, bool) {
	for _, set := range t.UserSets {
		if set.Name == name {
			return set, true
		}
	}
	return UserSet{}, false
}

// Share finds the share of an edge.
func (t *Topology) Share(edge ident.Share) (Share, bool) {
	for _, share := range t.Shares {
		if share.Share == edge {
			return share, true
		}
	}
	return Share{}, false
}

// SharesOf lists the shares in which a tenant is source or target.
func (t *Topology) SharesOf(name ident.Tenant) []Share {
	var found []Share
	for _, share := range t.Shares {
		if share.Source == name || share.Target == name {
			found = append(found, share)
		}
	}
	return found
}

// SetsOf lists the user sets that a tenant contributes.
func (t *Topology) SetsOf(name ident.Tenant) []UserSet {
	var found []UserSet
	for _, set := range t.UserSets {
		if set.Tenant == name {
			found = append(found, set)
		}
	}
	return found
}
