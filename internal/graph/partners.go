package graph

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	abs "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/policies"

	ours "entente.dev/entente/internal/directory"
)

// wirePartner keeps every setting we do not manage raw, only to see whether it is there.
type wirePartner struct {
	TenantID string `json:"tenantId"`
	InMTO    *bool  `json:"isInMultiTenantOrganization"`
	Consent  *struct {
		Inbound  *bool `json:"inboundAllowed"`
		Outbound *bool `json:"outboundAllowed"`
	} `json:"automaticUserConsentSettings"`
	Sync *struct {
		TenantID string `json:"tenantId"`
		Inbound  *struct {
			Allowed *bool `json:"isSyncAllowed"`
		} `json:"userSyncInbound"`
		GroupInbound *struct {
			Allowed *bool `json:"isSyncAllowed"`
		} `json:"groupSyncInbound"`
	} `json:"identitySynchronization"`
}

// managed are the properties that say nothing about anybody else's reliance on an entry.
var managed = map[string]bool{
	"tenantId": true, "isInMultiTenantOrganization": true, "automaticUserConsentSettings": true, "identitySynchronization": true,
}

// partner decodes one entry. OtherSettings is true for any other property that holds something, also one
// that Graph added after this was written: unknown settings are somebody's.
func (r request) partner(raw json.RawMessage) (ours.Partner, error) {
	var w wirePartner
	if err := r.decode(raw, &w); err != nil {
		return ours.Partner{}, err
	}
	if w.TenantID == "" {
		return ours.Partner{}, r.bug("a partner configuration without a tenant id", nil)
	}
	p := ours.Partner{TenantID: w.TenantID, InMTO: w.InMTO != nil && *w.InMTO}
	if w.Consent != nil {
		p.InboundConsent, p.OutboundConsent = w.Consent.Inbound, w.Consent.Outbound
	}
	if w.Sync != nil {
		p.SyncConfigured = true
		p.InboundSync = w.Sync.Inbound != nil && w.Sync.Inbound.Allowed != nil && *w.Sync.Inbound.Allowed
		p.OtherSettings = w.Sync.GroupInbound != nil && w.Sync.GroupInbound.Allowed != nil && *w.Sync.GroupInbound.Allowed
	}
	var properties map[string]json.RawMessage
	if err := r.decode(raw, &properties); err != nil {
		return ours.Partner{}, err
	}
	for name, value := range properties {
		if !managed[name] && !strings.Contains(name, "@") && holds(value) {
			p.OtherSettings = true
		}
	}
	return p, nil
}

// holds tells whether a JSON value says anything: null, false, "" and objects or arrays of only such do not.
// A fresh entry has nested objects whose members are all null.
func holds(raw json.RawMessage) bool {
	var value any
	if json.Unmarshal(raw, &value) != nil {
		return true
	}
	return holdsValue(value)
}

func holdsValue(value any) bool {
	switch v := value.(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		return v != ""
	case []any:
		return slices.ContainsFunc(v, holdsValue)
	case map[string]any:
		for name, inner := range v {
			if !strings.HasPrefix(name, "@") && holdsValue(inner) {
				return true
			}
		}
		return false
	}
	return true
}

// Partners reads all partner entries with their inbound synchronization in one chain of pages, sorted by
// tenant id.
//
// GET …/partners?$expand=identitySynchronization · Policy.Read.All · identity 2 RU a page ·
// learn.microsoft.com/graph/api/crosstenantaccesspolicy-list-partners, checked 2026-11. No $select: what we do
// not know must be seen, because somebody relies on it.
func (c *Client) Partners(ctx context.Context) ([]ours.Partner, error) {
	r := c.begin(ctx, opPartners)
	info, err := c.sdk.Policies().CrossTenantAccessPolicy().Partners().ToGetRequestInformation(r.ctx, &policies.CrossTenantAccessPolicyPartnersRequestBuilderGetRequestConfiguration{
		QueryParameters: &policies.CrossTenantAccessPolicyPartnersRequestBuilderGetQueryParameters{Expand: []string{"identitySynchronization"}},
	})
	rows, err := all[json.RawMessage](r, info, err)
	if err != nil {
		return nil, err
	}
	partners := make([]ours.Partner, 0, len(rows))
	for _, raw := range rows {
		p, err := r.partner(raw)
		if err != nil {
			return nil, err
		}
		partners = append(partners, p)
	}
	slices.SortFunc(partners, func(a, b ours.Partner) int { return compare(a.TenantID, b.TenantID) })
	return partners, nil
}

// Partner reads one entry; NotFound when there is none.
//
// GET …/partners/{tenantId}?$expand=identitySynchronization · Policy.Read.All · identity 2 RU ·
// learn.microsoft.com/graph/api/crosstenantaccesspolicyconfigurationpartner-get, checked 2026-11.
func (c *Client) Partner(ctx context.Context, tenantID string) (ours.Partner, error) {
	r := c.begin(ctx, opPartner)
	raw, err := r.send(c.partnerItem(tenantID).ToGetRequestInformation(r.ctx, &policies.CrossTenantAccessPolicyPartnersCrossTenantAccessPolicyConfigurationPartnerTenantItemRequestBuilderGetRequestConfiguration{
		QueryParameters: &policies.CrossTenantAccessPolicyPartnersCrossTenantAccessPolicyConfigurationPartnerTenantItemRequestBuilderGetQueryParameters{Expand: []string{"identitySynchronization"}},
	}))
	if err != nil {
		return ours.Partner{}, err
	}
	return r.partner(raw)
}

func (c *Client) partnerItem(tenantID string) *policies.CrossTenantAccessPolicyPartnersCrossTenantAccessPolicyConfigurationPartnerTenantItemRequestBuilder {
	return c.sdk.Policies().CrossTenantAccessPolicy().Partners().ByCrossTenantAccessPolicyConfigurationPartnerTenantId(tenantID)
}

// PartnerPatch is what we set in a partner entry; nil leaves a property alone.
type PartnerPatch struct {
	InboundConsent  *bool
	OutboundConsent *bool
}

// settings names only what is given: a property set to nil would travel as null, which means "inherit again".
func (p PartnerPatch) settings() models.InboundOutboundPolicyConfigurationable {
	settings := models.NewInboundOutboundPolicyConfiguration()
	if p.InboundConsent != nil {
		settings.SetInboundAllowed(p.InboundConsent)
	}
	if p.OutboundConsent != nil {
		settings.SetOutboundAllowed(p.OutboundConsent)
	}
	return settings
}

// CreatePartner makes an entry with the smallest body, because the whole policy may not pass 25 KB. An entry
// that exists is a Conflict: read it and patch it.
//
// POST …/partners · Policy.ReadWrite.CrossTenantAccess · identity 1 RU, 1 write ·
// learn.microsoft.com/graph/api/crosstenantaccesspolicy-post-partners, checked 2026-11.
func (c *Client) CreatePartner(ctx context.Context, tenantID string, p PartnerPatch) error {
	r := c.begin(ctx, opCreatePartner)
	body := models.NewCrossTenantAccessPolicyConfigurationPartner()
	body.SetTenantId(&tenantID)
	body.SetAutomaticUserConsentSettings(p.settings())
	return r.do(c.sdk.Policies().CrossTenantAccessPolicy().Partners().ToPostRequestInformation(r.ctx, body, nil))
}

// PatchPartner sets exactly the given consents and no other setting. It is safe to repeat.
//
// PATCH …/partners/{tenantId} · Policy.ReadWrite.CrossTenantAccess · identity 1 RU, 1 write ·
// learn.microsoft.com/graph/api/crosstenantaccesspolicyconfigurationpartner-update, checked 2026-11.
func (c *Client) PatchPartner(ctx context.Context, tenantID string, p PartnerPatch) error {
	r := c.begin(ctx, opPatchPartner)
	body := models.NewCrossTenantAccessPolicyConfigurationPartner()
	body.SetAutomaticUserConsentSettings(p.settings())
	return r.do(c.partnerItem(tenantID).ToPatchRequestInformation(r.ctx, body, nil))
}

// DeletePartner removes an entry. Graph refuses while its identitySynchronization exists. The delete is
// soft, and only a person can restore it.
//
// DELETE …/partners/{tenantId} · Policy.ReadWrite.CrossTenantAccess · identity 1 RU, 1 write ·
// learn.microsoft.com/graph/api/crosstenantaccesspolicyconfigurationpartner-delete, checked 2026-11.
func (c *Client) DeletePartner(ctx context.Context, tenantID string) error {
	r := c.begin(ctx, opDeletePartner)
	return r.do(c.partnerItem(tenantID).ToDeleteRequestInformation(r.ctx, nil))
}

// CreateIdentitySync makes the inbound synchronization of a partner. PUT only creates: an existing one is a
// Conflict.
//
// PUT …/partners/{tenantId}/identitySynchronization · Policy.ReadWrite.CrossTenantAccess · identity 1 RU, 1 write ·
// learn.microsoft.com/graph/api/crosstenantaccesspolicyconfigurationpartner-put-identitysynchronization, checked 2026-11.
func (c *Client) CreateIdentitySync(ctx context.Context, tenantID string, allowed bool) error {
	r := c.begin(ctx, opCreateSync)
	inbound := models.NewCrossTenantUserSyncInbound()
	inbound.SetIsSyncAllowed(&allowed)
	body := models.NewCrossTenantIdentitySyncPolicyPartner()
	body.SetUserSyncInbound(inbound)
	return r.do(c.partnerItem(tenantID).IdentitySynchronization().ToPutRequestInformation(r.ctx, body, nil))
}

// PatchIdentitySync allows or stops inbound synchronization. PATCH only updates: a missing one is NotFound.
// Stopping leaves the users who are already there.
//
// PATCH …/partners/{tenantId}/identitySynchronization · Policy.ReadWrite.CrossTenantAccess · identity 1 RU, 1 write ·
// learn.microsoft.com/graph/api/crosstenantidentitysyncpolicypartner-update, checked 2026-11. Raw: the SDK has no builder.
func (c *Client) PatchIdentitySync(ctx context.Context, tenantID string, allowed bool) error {
	r := c.begin(ctx, opPatchSync)
	return r.do(r.raw(abs.PATCH, "/policies/crossTenantAccessPolicy/partners/{tenant}/identitySynchronization",
		map[string]string{"tenant": tenantID}, map[string]any{"userSyncInbound": map[string]bool{"isSyncAllowed": allowed}}))
}

// DeleteIdentitySync removes the inbound synchronization of a partner, which has to go before the partner.
//
// DELETE …/partners/{tenantId}/identitySynchronization · Policy.ReadWrite.CrossTenantAccess · identity 1 RU, 1 write ·
// learn.microsoft.com/graph/api/crosstenantidentitysyncpolicypartner-delete, checked 2026-11.
func (c *Client) DeleteIdentitySync(ctx context.Context, tenantID string) error {
	r := c.begin(ctx, opDeleteSync)
	return r.do(c.partnerItem(tenantID).IdentitySynchronization().ToDeleteRequestInformation(r.ctx, nil))
}
