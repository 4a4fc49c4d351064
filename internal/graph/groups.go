package graph

import (
	"context"
	"slices"

	"github.com/microsoftgraph/msgraph-sdk-go/groups"
	"github.com/microsoftgraph/msgraph-sdk-go/models"

	ours "entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/problem"
)

// OData types of members.
const (
	typeUser  = "#microsoft.graph.user"
	typeGroup = "#microsoft.graph.group"
)

var groupSelect = []string{"id", "displayName", "mailNickname", "description", "securityEnabled", "groupTypes"}

// Member is one direct member of a group with its OData type, which may be one we do not know, or none.
type Member struct {
	ID   string
	Type string // "#microsoft.graph.user"
}

// IsUser and IsGroup tell the two kinds we work with; everything else is kept and left alone.
func (m Member) IsUser() bool { return m.Type == typeUser }

// IsGroup: see IsUser.
func (m Member) IsGroup() bool { return m.Type == typeGroup }

// Members is the direct membership of a group, each list sorted by id.
type Members struct {
	Users  []string
	Groups []string
	Other  []Member // devices, service principals, contacts, and types that we do not know
}

type wireGroup struct {
	ID          string             `json:"id"`
	DisplayName optional[string]   `json:"displayName"`
	Nickname    optional[string]   `json:"mailNickname"`
	Description optional[string]   `json:"description"`
	Security    optional[bool]     `json:"securityEnabled"`
	GroupTypes  optional[[]string] `json:"groupTypes"`
	Members     []struct {
		ID      string `json:"id"`
		Type    string `json:"@odata.type"`
		Removed *struct {
			Reason string `json:"reason"`
		} `json:"@removed"`
	} `json:"members@delta"`
	Removed *struct {
		Reason string `json:"reason"`
	} `json:"@removed"`
}

func (w *wireGroup) group() ours.Group {
	return ours.Group{
		ID: w.ID, DisplayName: w.DisplayName.Value, MailNickname: w.Nickname.Value, Description: w.Description.Value,
		SecurityEnabled: w.Security.Value, Dynamic: slices.Contains(w.GroupTypes.Value, "DynamicMembership"),
	}
}

// GroupsByName finds the groups with exactly this display name; names are not unique.
//
// GET /groups?$filter · GroupMember.Read.All · identity 1 RU · learn.microsoft.com/graph/api/group-list, checked 2026-11.
func (c *Client) GroupsByName(ctx context.Context, displayName string) ([]ours.Group, error) {
	return c.findGroups(ctx, "displayName eq "+quote(displayName))
}

// GroupsByNickname finds the groups with this mailNickname, which is the marker that we create groups with.
// It is unique in a tenant except for a short time after two creates.
//
// GET /groups?$filter · GroupMember.Read.All · identity 1 RU · learn.microsoft.com/graph/api/group-list, checked 2026-11.
func (c *Client) GroupsByNickname(ctx context.Context, nickname string) ([]ours.Group, error) {
	return c.findGroups(ctx, "mailNickname eq "+quote(nickname))
}

func (c *Client) findGroups(ctx context.Context, filter string) ([]ours.Group, error) {
	r := c.begin(ctx, opGroupsFind)
	info, err := c.sdk.Groups().ToGetRequestInformation(r.ctx, &groups.GroupsRequestBuilderGetRequestConfiguration{
		QueryParameters: &groups.GroupsRequestBuilderGetQueryParameters{Select: groupSelect, Filter: &filter, Top: ptr(pageSize)},
	})
	rows, err := all[wireGroup](r, info, err)
	found := make([]ours.Group, 0, len(rows))
	for i := range rows {
		found = append(found, rows[i].group())
	}
	slices.SortFunc(found, func(a, b ours.Group) int { return compare(a.ID, b.ID) })
	return found, err
}

// Group reads one group without its members.
//
// GET /groups/{id} · GroupMember.Read.All · identity 1 RU · learn.microsoft.com/graph/api/group-get, checked 2026-11.
func (c *Client) Group(ctx context.Context, id string) (ours.Group, error) {
	r := c.begin(ctx, opGroup)
	body, err := r.send(c.sdk.Groups().ByGroupId(id).ToGetRequestInformation(r.ctx, &groups.GroupItemRequestBuilderGetRequestConfiguration{
		QueryParameters: &groups.GroupItemRequestBuilderGetQueryParameters{Select: groupSelect},
	}))
	if err != nil {
		return ours.Group{}, err
	}
	var w wireGroup
	if err := r.decode(body, &w); err != nil {
		return ours.Group{}, err
	}
	return w.group(), nil
}

// GroupMembers reads the direct members to the last page.
//
// GET /groups/{id}/members?$select=id · GroupMember.Read.All · identity 2 RU a page ·
// learn.microsoft.com/graph/api/group-list-members, checked 2026-11. Objects the app may not read come with
// their id and type only, which is all we ask for.
func (c *Client) GroupMembers(ctx context.Context, id string) (Members, error) {
	r := c.begin(ctx, opGroupMembers)
	info, err := c.sdk.Groups().ByGroupId(id).Members().ToGetRequestInformation(r.ctx, &groups.ItemMembersRequestBuilderGetRequestConfiguration{
		QueryParameters: &groups.ItemMembersRequestBuilderGetQueryParameters{Select: []string{"id"}, Top: ptr(pageSize)},
	})
	rows, err := all[struct {
		ID   string `json:"id"`
		Type string `json:"@odata.type"`
	}](r, info, err)
	if err != nil {
		return Members{}, err
	}
	var found Members
	for _, row := range rows {
		switch m := (Member{row.ID, row.Type}); {
		case m.ID == "":
			return Members{}, r.bug("a member without an id", nil)
		case m.IsUser():
			found.Users = append(found.Users, m.ID)
		case m.IsGroup():
			found.Groups = append(found.Groups, m.ID)
		default:
			found.Other = append(found.Other, m)
		}
	}
	slices.Sort(found.Users)
	slices.Sort(found.Groups)
	slices.SortFunc(found.Other, func(a, b Member) int { return compare(a.ID, b.ID) })
	return found, nil
}

// NewGroup is a static security group to create.
type NewGroup struct {
	DisplayName string
	Nickname    string // the marker by which it is found again
	Description string
}

// CreateGroup makes a security group. It is not idempotent: look for the nickname first, and after an
// Ambiguous answer.
//
// POST /groups · Group.ReadWrite.All · identity 1 RU, 1 write · learn.microsoft.com/graph/api/group-post-groups, checked 2026-11.
func (c *Client) CreateGroup(ctx context.Context, g NewGroup) (ours.Group, error) {
	r := c.begin(ctx, opCreateGroup)
	body := models.NewGroup()
	body.SetDisplayName(&g.DisplayName)
	body.SetMailNickname(&g.Nickname)
	if g.Description != "" {
		body.SetDescription(&g.Description)
	}
	body.SetMailEnabled(ptr(false))
	body.SetSecurityEnabled(ptr(true))
	raw, err := r.send(c.sdk.Groups().ToPostRequestInformation(r.ctx, body, nil))
	if err != nil {
		return ours.Group{}, err
	}
	var w wireGroup
	if err := r.decode(raw, &w); err != nil || w.ID == "" {
		return ours.Group{}, r.problem(problem.Ambiguous, "the group was created but the answer does not name it", "the group is looked for by its nickname")
	}
	return w.group(), nil
}

// DeleteGroup removes a security group for good: only Microsoft 365 groups have a recycle bin.
//
// DELETE /groups/{id} · Group.ReadWrite.All · identity 1 RU, 1 write · learn.microsoft.com/graph/api/group-delete, checked 2026-11.
func (c *Client) DeleteGroup(ctx context.Context, id string) error {
	r := c.begin(ctx, opDeleteGroup)
	return r.do(c.sdk.Groups().ByGroupId(id).ToDeleteRequestInformation(r.ctx, nil))
}
