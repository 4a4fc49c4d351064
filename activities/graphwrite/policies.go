package graphwrite

import (
	"context"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/graph"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
)

// partnerID names a partner entry in the ledger: Graph keys it by the pair of tenants.
func partnerID(in contract.PartnerIn) string {
	return "partner/" + in.Tenant.TenantID + "/" + in.PartnerTenantID
}

func syncID(in contract.PartnerIn) string {
	return "identitySync/" + in.Tenant.TenantID + "/" + in.PartnerTenantID
}

// EnsurePartner sets automatic redemption in one direction of a partner entry and leaves the rest of it alone.
// The entry may exist already: multitenant organizations make them.
func (a *Activities) EnsurePartner(ctx context.Context, in contract.PartnerIn) error {
	ctx = watched(ctx)
	client, err := a.clients.Writer(in.Tenant.TenantID)
	if err != nil {
		return err
	}
	lock := a.entry(in.Tenant.TenantID, in.PartnerTenantID)
	lock.Lock()
	defer lock.Unlock()
	p, err := client.Partner(ctx, in.PartnerTenantID)
	if missing(err) {
		err = a.create(ctx, in.WriteIn, "partner", partnerID(in), consent(in.Inbound, true), func() error {
			return client.CreatePartner(ctx, in.PartnerTenantID, consent(in.Inbound, true))
		})
		if err == nil || problem.KindOf(err) != problem.Conflict {
			return err
		}
		p, err = client.Partner(ctx, in.PartnerTenantID) // somebody was quicker
	}
	if err != nil {
		return err
	}
	verb, want := "allow-redemption-"+direction(in.Inbound), consent(in.Inbound, true)
	if consents(p, in.Inbound) {
		return a.found(ctx, in.WriteIn, verb, partnerID(in))
	}
	if err := client.PatchPartner(ctx, in.PartnerTenantID, want); err != nil {
		return repeatable(err)
	}
	return a.did(ctx, in.WriteIn, verb, partnerID(in), change{before: p, after: want})
}

// create makes a thing that is keyed by the pair of tenants. Ownership is noted before, and taken back when the
// create certainly did not happen: after a lost answer the repeat finds it made and could not tell by whom.
func (a *Activities) create(ctx context.Context, in contract.WriteIn, kind, id string, after any, do func() error) error {
	owned := store.Owned{ID: id, Kind: kind, Tenant: in.Tenant.Name, Share: in.Share, At: a.now()}
	if err := a.store.PutOwned(ctx, in.Org, owned); err != nil {
		return err
	}
	err := do()
	switch {
	case err == nil:
		return a.did(ctx, in, "create-"+kind, id, change{after: after})
	case problem.KindOf(err) == problem.Ambiguous:
		return repeatable(err)
	}
	if dropped := a.store.DropOwned(ctx, in.Org, id); dropped != nil {
		return dropped
	}
	return err
}

func consent(inbound, value bool) graph.PartnerPatch {
	if inbound {
		return graph.PartnerPatch{InboundConsent: &value}
	}
	return graph.PartnerPatch{OutboundConsent: &value}
}

func consents(p directory.Partner, inbound bool) bool {
	v := p.OutboundConsent
	if inbound {
		v = p.InboundConsent
	}
	return v != nil && *v
}

func direction(inbound bool) string {
	if inbound {
		return "inbound"
	}
	return "outbound"
}

// EnsureInboundSync allows the partner to synchronize users into this tenant. PUT only creates and PATCH only
// updates, so that it reads first and follows what it meets.
func (a *Activities) EnsureInboundSync(ctx context.Context, in contract.PartnerIn) error {
	ctx = watched(ctx)
	client, err := a.clients.Writer(in.Tenant.TenantID)
	if err != nil {
		return err
	}
	lock := a.entry(in.Tenant.TenantID, in.PartnerTenantID)
	lock.Lock()
	defer lock.Unlock()
	p, err := client.Partner(ctx, in.PartnerTenantID)
	if err != nil {
		return err
	}
	if p.SyncConfigured && p.InboundSync {
		return a.found(ctx, in.WriteIn, "allow-inbound-sync", syncID(in))
	}
	if !p.SyncConfigured {
		err = a.create(ctx, in.WriteIn, "identitySync", syncID(in), true, func() error {
			return client.CreateIdentitySync(ctx, in.PartnerTenantID, true)
		})
		if err == nil || problem.KindOf(err) != problem.Conflict {
			return err
		}
	}
	if err := client.PatchIdentitySync(ctx, in.PartnerTenantID, true); err != nil {
		return repeatable(err)
	}
	return a.did(ctx, in.WriteIn, "allow-inbound-sync", syncID(in), change{before: p.InboundSync, after: true})
}

// DeleteInboundSync takes back what EnsureInboundSync made. One that somebody else made is only switched off.
func (a *Activities) DeleteInboundSync(ctx context.Context, in contract.PartnerIn) error {
	ctx = watched(ctx)
	client, err := a.clients.Writer(in.Tenant.TenantID)
	if err != nil {
		return err
	}
	ours, err := a.owns(ctx, in.Org, syncID(in))
	if err != nil {
		return err
	}
	if !ours {
		err = client.PatchIdentitySync(ctx, in.PartnerTenantID, false)
		if missing(err) {
			return nil
		}
		if err != nil {
			return repeatable(err)
		}
		return a.did(ctx, in.WriteIn, "forbid-inbound-sync", syncID(in), change{before: true, after: false})
	}
	if err := client.DeleteIdentitySync(ctx, in.PartnerTenantID); err != nil && !missing(err) {
		return repeatable(err)
	}
	return a.gone(ctx, in.WriteIn, "identitySync", syncID(in), true)
}

// ReleasePartner takes back one direction of automatic redemption, and the entry itself when we made it and
// nothing else in it is in use: the reverse share, trust settings and a multitenant organization keep it.
func (a *Activities) ReleasePartner(ctx context.Context, in contract.PartnerIn) error {
	ctx = watched(ctx)
	client, err := a.clients.Writer(in.Tenant.TenantID)
	if err != nil {
		return err
	}
	lock := a.entry(in.Tenant.TenantID, in.PartnerTenantID)
	lock.Lock()
	defer lock.Unlock()
	p, err := client.Partner(ctx, in.PartnerTenantID)
	if missing(err) {
		return a.gone(ctx, in.WriteIn, "partner", partnerID(in), nil)
	}
	if err != nil {
		return err
	}
	ours, err := a.owns(ctx, in.Org, partnerID(in))
	if err != nil {
		return err
	}
	used := consents(p, !in.Inbound) || p.SyncConfigured || p.OtherSettings || p.InMTO
	if ours && !used {
		if err := client.DeletePartner(ctx, in.PartnerTenantID); err != nil && !missing(err) {
			return repeatable(err)
		}
		return a.gone(ctx, in.WriteIn, "partner", partnerID(in), p)
	}
	verb, want := "forbid-redemption-"+direction(in.Inbound), consent(in.Inbound, false)
	if !consents(p, in.Inbound) {
		return a.found(ctx, in.WriteIn, verb, partnerID(in))
	}
	if err := client.PatchPartner(ctx, in.PartnerTenantID, want); err != nil {
		return repeatable(err)
	}
	return a.did(ctx, in.WriteIn, verb, partnerID(in), change{before: p, after: want})
}
