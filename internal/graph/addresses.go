package graph

import (
	"context"
	"strings"

	"github.com/microsoftgraph/msgraph-sdk-go/contacts"
	"github.com/microsoftgraph/msgraph-sdk-go/groups"
	"github.com/microsoftgraph/msgraph-sdk-go/policies"

	"entente.dev/entente/internal/problem"
)

// The permissions without which the reads of this file are refused.
const (
	PermissionContacts      = permContactRead
	PermissionGroups        = permGroupRead
	PermissionAuthorization = permPolicyRead
)

var (
	addressSelect     = []string{"id", "mail", "proxyAddresses"}
	authorizationRead = []string{"guestUserRoleId", "allowInvitesFrom"}
)

// Addressed is an object that has mail addresses: as they are written, without the prefix of their protocol.
type Addressed struct {
	ID        string
	Addresses []string
}

type wireAddressed struct {
	ID      string             `json:"id"`
	Mail    optional[string]   `json:"mail"`
	Proxies optional[[]string] `json:"proxyAddresses"`
}

// addresses leaves out X500, SIP and other addresses that no mail goes to.
func (w *wireAddressed) addresses() Addressed {
	out := Addressed{ID: w.ID}
	if w.Mail.Value != "" {
		out.Addresses = append(out.Addresses, w.Mail.Value)
	}
	for _, proxy := range w.Proxies.Value {
		if protocol, address, found := strings.Cut(proxy, ":"); found && strings.EqualFold(protocol, "smtp") && address != "" {
			out.Addresses = append(out.Addresses, address)
		}
	}
	return out
}

// addressed hands over the objects of a collection that have an address, page by page.
func addressed(r request, yield func(Addressed) error) func([]wireAddressed) error {
	return func(items []wireAddressed) error {
		for i := range items {
			if items[i].ID == "" {
				return r.bug("an object without an id", nil)
			}
			found := items[i].addresses()
			if len(found.Addresses) == 0 {
				continue
			}
			if err := yield(found); err != nil {
				return err
			}
		}
		return nil
	}
}

// ContactAddresses reads all mail contacts of the tenant with their addresses, page by page. A contact that the
// tenant synchronizes from its own directory is one of them.
//
// GET /contacts · OrgContact.Read.All · identity 1 RU a page · learn.microsoft.com/graph/api/orgcontact-list, checked 2026-11.
func (c *Client) ContactAddresses(ctx context.Context, yield func(Addressed) error) error {
	r := c.begin(ctx, opContacts)
	info, err := c.sdk.Contacts().ToGetRequestInformation(r.ctx, &contacts.ContactsRequestBuilderGetRequestConfiguration{
		QueryParameters: &contacts.ContactsRequestBuilderGetQueryParameters{Select: addressSelect, Top: ptr(pageSize)},
	})
	_, err = pages(r, addressed(r, yield), info, err)
	return err
}

// GroupAddresses reads all groups of the tenant that have a mail address, page by page. No $filter: an address counts
// whatever mailEnabled says of its group.
//
// GET /groups · GroupMember.Read.All · identity 1 RU a page · learn.microsoft.com/graph/api/group-list, checked 2026-11.
func (c *Client) GroupAddresses(ctx context.Context, yield func(Addressed) error) error {
	r := c.begin(ctx, opGroupsList)
	info, err := c.sdk.Groups().ToGetRequestInformation(r.ctx, &groups.GroupsRequestBuilderGetRequestConfiguration{
		QueryParameters: &groups.GroupsRequestBuilderGetQueryParameters{Select: addressSelect, Top: ptr(pageSize)},
	})
	_, err = pages(r, addressed(r, yield), info, err)
	return err
}

// Authorization is what a tenant lets guests do by default.
type Authorization struct {
	GuestRole   string // guestUserRoleId: one of three role templates
	InvitesFrom string // allowInvitesFrom: none | adminsAndGuestInviters | adminsGuestInvitersAndAllMembers | everyone
}

// Authorization reads the tenant's authorization policy, of which there is exactly one.
//
// GET /policies/authorizationPolicy · Policy.Read.All · identity 1 RU ·
// learn.microsoft.com/graph/api/authorizationpolicy-get, checked 2026-11.
func (c *Client) Authorization(ctx context.Context) (Authorization, error) {
	r := c.begin(ctx, opAuthorization)
	body, err := r.send(c.sdk.Policies().AuthorizationPolicy().ToGetRequestInformation(r.ctx, &policies.AuthorizationPolicyRequestBuilderGetRequestConfiguration{
		QueryParameters: &policies.AuthorizationPolicyRequestBuilderGetQueryParameters{Select: authorizationRead},
	}))
	if err != nil {
		return Authorization{}, err
	}
	var w struct {
		GuestRole   optional[string] `json:"guestUserRoleId"`
		InvitesFrom optional[string] `json:"allowInvitesFrom"`
	}
	if err := r.decode(body, &w); err != nil {
		return Authorization{}, err
	}
	if w.GuestRole.Value == "" {
		return Authorization{}, r.problem(problem.Incomplete, "the answer does not say what guests may see", "")
	}
	return Authorization{GuestRole: w.GuestRole.Value, InvitesFrom: w.InvitesFrom.Value}, nil
}
