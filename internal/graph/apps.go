package graph

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/microsoftgraph/msgraph-sdk-go/applications"
	"github.com/microsoftgraph/msgraph-sdk-go/applicationtemplates"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/serviceprincipals"

	ours "entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/problem"
)

// SyncTemplateID is the gallery template of cross-tenant synchronization
// (entra-docs cross-tenant-synchronization-configure-graph, checked 2026-11).
const SyncTemplateID = "518e5f48-1fc8-4c48-9387-9fdf28b0dfe7"

var principalSelect = []string{"id", "appId", "displayName", "applicationTemplateId", "appRoles"}

// ServicePrincipal is a synchronization application with what is needed to assign a group to it.
type ServicePrincipal struct {
	ours.SyncApp        // id, app id and name only
	RoleID       string // the role to assign with; "" when the application has none that fits
	TemplateID   string
}

type wirePrincipal struct {
	ID          string `json:"id"`
	AppID       string `json:"appId"`
	DisplayName string `json:"displayName"`
	TemplateID  string `json:"applicationTemplateId"`
	Roles       []struct {
		ID      string   `json:"id"`
		Enabled bool     `json:"isEnabled"`
		Allowed []string `json:"allowedMemberTypes"`
	} `json:"appRoles"`
}

func (w *wirePrincipal) basic() ours.SyncApp {
	return ours.SyncApp{ServicePrincipalID: w.ID, AppID: w.AppID, DisplayName: w.DisplayName}
}

// role is the first enabled one for users, which covers groups; the all-zero default role would not make
// anybody eligible.
func (w *wirePrincipal) role() string {
	for _, role := range w.Roles {
		if role.Enabled && slices.Contains(role.Allowed, "User") && strings.Trim(role.ID, "0-") != "" {
			return role.ID
		}
	}
	return ""
}

func (w *wirePrincipal) full() ServicePrincipal {
	return ServicePrincipal{SyncApp: w.basic(), RoleID: w.role(), TemplateID: w.TemplateID}
}

// SyncApps lists the cross-tenant synchronization applications, sorted by id, with names and ids only.
//
// GET /servicePrincipals?$filter=applicationTemplateId eq '…' · Application.Read.All · identity 1 RU a page ·
// learn.microsoft.com/graph/api/serviceprincipal-list, checked 2026-11. Whether that property can be filtered
// is not documented: where it is refused, all service principals are listed and sorted out here.
func (c *Client) SyncApps(ctx context.Context) ([]ours.SyncApp, error) {
	apps, err := c.findPrincipals(ctx, "applicationTemplateId eq "+quote(SyncTemplateID))
	if problem.KindOf(err) == problem.Rejected {
		apps, err = c.findPrincipals(ctx, "")
	}
	return apps, err
}

// SyncAppsNamed finds the cross-tenant synchronization applications with exactly this name. Instantiating
// is not idempotent; a name that holds the target is how one is found again.
//
// GET /servicePrincipals?$filter=displayName eq '…' · Application.Read.All · identity 1 RU ·
// learn.microsoft.com/graph/api/serviceprincipal-list, checked 2026-11.
func (c *Client) SyncAppsNamed(ctx context.Context, displayName string) ([]ours.SyncApp, error) {
	return c.findPrincipals(ctx, "displayName eq "+quote(displayName))
}

func (c *Client) findPrincipals(ctx context.Context, filter string) ([]ours.SyncApp, error) {
	r := c.begin(ctx, opSyncApps)
	query := &serviceprincipals.ServicePrincipalsRequestBuilderGetQueryParameters{Select: principalSelect, Top: ptr(pageSize)}
	if filter != "" {
		query.Filter = &filter
	}
	info, err := c.sdk.ServicePrincipals().ToGetRequestInformation(r.ctx, &serviceprincipals.ServicePrincipalsRequestBuilderGetRequestConfiguration{QueryParameters: query})
	apps := []ours.SyncApp{}
	_, err = pages(r, func(rows []wirePrincipal) error {
		for i := range rows {
			if strings.EqualFold(rows[i].TemplateID, SyncTemplateID) {
				apps = append(apps, rows[i].basic())
			}
		}
		return nil
	}, info, err)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(apps, func(a, b ours.SyncApp) int { return compare(a.ServicePrincipalID, b.ServicePrincipalID) })
	return apps, nil
}

// ServicePrincipal reads one application. NotFound is normal for minutes after it was made.
//
// GET /servicePrincipals/{id} · Application.Read.All · identity 1 RU · learn.microsoft.com/graph/api/serviceprincipal-get,
// checked 2026-11.
func (c *Client) ServicePrincipal(ctx context.Context, id string) (ServicePrincipal, error) {
	r := c.begin(ctx, opServicePrincipal)
	raw, err := r.send(c.sdk.ServicePrincipals().ByServicePrincipalId(id).ToGetRequestInformation(r.ctx, &serviceprincipals.ServicePrincipalItemRequestBuilderGetRequestConfiguration{
		QueryParameters: &serviceprincipals.ServicePrincipalItemRequestBuilderGetQueryParameters{Select: principalSelect},
	}))
	if err != nil {
		return ServicePrincipal{}, err
	}
	var w wirePrincipal
	if err := r.decode(raw, &w); err != nil {
		return ServicePrincipal{}, err
	}
	return w.full(), nil
}

// Instantiated is what instantiating the template made.
type Instantiated struct {
	ServicePrincipal
	ApplicationID string // the application's object id, which deletes it
}

// InstantiateSyncApp makes a new synchronization application. It is not idempotent: each call makes another
// one. Look for the name first, and after an Ambiguous answer. Other services see the new one minutes later.
//
// POST /applicationTemplates/{id}/instantiate · Application.ReadWrite.OwnedBy · identity 1 RU, 1 write ·
// learn.microsoft.com/graph/api/applicationtemplate-instantiate, checked 2026-11.
func (c *Client) InstantiateSyncApp(ctx context.Context, displayName string) (Instantiated, error) {
	r := c.begin(ctx, opInstantiate)
	body := applicationtemplates.NewItemInstantiatePostRequestBody()
	body.SetDisplayName(&displayName)
	raw, err := r.send(c.sdk.ApplicationTemplates().ByApplicationTemplateId(SyncTemplateID).Instantiate().ToPostRequestInformation(r.ctx, body, nil))
	if err != nil {
		return Instantiated{}, err
	}
	var answer struct {
		Application struct {
			ID string `json:"id"`
		} `json:"application"`
		Principal wirePrincipal `json:"servicePrincipal"`
	}
	if err := r.decode(raw, &answer); err != nil || answer.Principal.ID == "" {
		return Instantiated{}, r.problem(problem.Ambiguous, "the application was created but the answer does not name it", "it is looked for by its name")
	}
	return Instantiated{ServicePrincipal: answer.Principal.full(), ApplicationID: answer.Application.ID}, nil
}

// DeleteServicePrincipal removes the enterprise application of a synchronization. Users in the target stay.
//
// DELETE /servicePrincipals/{id} · Application.ReadWrite.OwnedBy · identity 1 RU, 1 write ·
// learn.microsoft.com/graph/api/serviceprincipal-delete, checked 2026-11.
func (c *Client) DeleteServicePrincipal(ctx context.Context, id string) error {
	r := c.begin(ctx, opDeletePrincipal)
	return r.do(c.sdk.ServicePrincipals().ByServicePrincipalId(id).ToDeleteRequestInformation(r.ctx, nil))
}

// ApplicationByAppID returns the object id of the application with this app id; NotFound when there is none.
//
// GET /applications?$filter=appId eq '…' · Application.Read.All · identity 1 RU ·
// learn.microsoft.com/graph/api/application-list, checked 2026-11.
func (c *Client) ApplicationByAppID(ctx context.Context, appID string) (string, error) {
	r := c.begin(ctx, opApplications)
	info, err := c.sdk.Applications().ToGetRequestInformation(r.ctx, &applications.ApplicationsRequestBuilderGetRequestConfiguration{
		QueryParameters: &applications.ApplicationsRequestBuilderGetQueryParameters{Select: []string{"id"}, Filter: ptr("appId eq " + quote(appID))},
	})
	rows, err := all[struct {
		ID string `json:"id"`
	}](r, info, err)
	if err != nil {
		return "", err
	}
	if len(rows) == 0 {
		return "", r.problem(problem.NotFound, "no application has this app id", "")
	}
	return rows[0].ID, nil
}

// DeleteApplication puts an application registration into the recycle bin for 30 days.
//
// DELETE /applications/{id} · Application.ReadWrite.OwnedBy · identity 1 RU, 1 write ·
// learn.microsoft.com/graph/api/application-delete, checked 2026-11.
func (c *Client) DeleteApplication(ctx context.Context, objectID string) error {
	r := c.begin(ctx, opDeleteApp)
	return r.do(c.sdk.Applications().ByApplicationId(objectID).ToDeleteRequestInformation(r.ctx, nil))
}

// Assignment is one principal assigned to an application.
type Assignment struct {
	ID            string `json:"id"`
	PrincipalID   string `json:"principalId"`
	PrincipalType string `json:"principalType"` // User | Group | ServicePrincipal
	RoleID        string `json:"appRoleId"`
}

// AssignedTo lists who is assigned to an application, sorted by principal.
//
// GET /servicePrincipals/{id}/appRoleAssignedTo · Application.Read.All · identity 1 RU a page ·
// learn.microsoft.com/graph/api/serviceprincipal-list-approleassignedto, checked 2026-11.
func (c *Client) AssignedTo(ctx context.Context, servicePrincipalID string) ([]Assignment, error) {
	r := c.begin(ctx, opAssigned)
	info, err := c.sdk.ServicePrincipals().ByServicePrincipalId(servicePrincipalID).AppRoleAssignedTo().ToGetRequestInformation(r.ctx, &serviceprincipals.ItemAppRoleAssignedToRequestBuilderGetRequestConfiguration{
		QueryParameters: &serviceprincipals.ItemAppRoleAssignedToRequestBuilderGetQueryParameters{Select: []string{"id", "principalId", "principalType", "appRoleId"}, Top: ptr(pageSize)},
	})
	rows, err := all[Assignment](r, info, err)
	slices.SortFunc(rows, func(a, b Assignment) int { return compare(a.PrincipalID+a.ID, b.PrincipalID+b.ID) })
	return rows, err
}

// AssignGroup assigns a group to an application. An assignment that exists already is success. NotFound and
// Rejected are normal for minutes after the application was made.
//
// POST /servicePrincipals/{id}/appRoleAssignedTo · AppRoleAssignment.ReadWrite.All · identity 1 RU, 1 write ·
// learn.microsoft.com/graph/api/serviceprincipal-post-approleassignedto, checked 2026-11.
func (c *Client) AssignGroup(ctx context.Context, servicePrincipalID, roleID, groupID string) error {
	r := c.begin(ctx, opAssign)
	ids := make([]uuid.UUID, 3)
	for i, text := range []string{servicePrincipalID, roleID, groupID} {
		id, err := uuid.Parse(text)
		if err != nil {
			return r.problem(problem.Invalid, "application, role and group must be GUIDs", "")
		}
		ids[i] = id
	}
	body := models.NewAppRoleAssignment()
	body.SetResourceId(&ids[0])
	body.SetAppRoleId(&ids[1])
	body.SetPrincipalId(&ids[2])
	err := r.do(c.sdk.ServicePrincipals().ByServicePrincipalId(servicePrincipalID).AppRoleAssignedTo().ToPostRequestInformation(r.ctx, body, nil))
	if err != nil && strings.Contains(strings.ToLower(problem.Of(err).Detail), "already exist") {
		return nil
	}
	return err
}
