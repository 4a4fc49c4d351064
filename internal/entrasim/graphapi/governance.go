package graphapi

import (
	"strings"
	"time"

	"entente.dev/entente/internal/entrasim/dir"
	"entente.dev/entente/internal/entrasim/odata"
)

// document is a kind of object that the simulator keeps and does not act upon: Conditional Access policies, access
// reviews and entitlement management (graph-setup section 7). What was posted can be read, changed and deleted.
type document struct {
	path, typeName string
	read, write    []string
	required       []string
	links          []string // navigation properties that a body may carry; answers leave them out
	initial        dir.Object
	put            bool // PUT replaces it, instead of PATCH
	limit          int  // per tenant; 0: none
}

var (
	reviewsRead = []string{"AccessReview.Read.All", "AccessReview.ReadWrite.All"}
	reviewsAll  = []string{"AccessReview.ReadWrite.All"}
	emRead      = []string{"EntitlementManagement.Read.All", "EntitlementManagement.ReadWrite.All"}
	emWrite     = []string{"EntitlementManagement.ReadWrite.All"}
	caWrite     = []string{"Policy.ReadWrite.ConditionalAccess"}
)

const emBase = "/identityGovernance/entitlementManagement"

var documents = []document{
	{path: "/identity/conditionalAccess/policies", typeName: "conditionalAccessPolicy", read: append([]string{"Policy.Read.All"}, caWrite...), write: caWrite,
		required: []string{"displayName", "state", "conditions"}, limit: 195},
	{path: "/identityGovernance/accessReviews/definitions", typeName: "accessReviewScheduleDefinition", read: reviewsRead, write: reviewsAll,
		required: []string{"displayName", "descriptionForAdmins", "descriptionForReviewers", "scope"}, initial: dir.Object{"status": "NotStarted"}, put: true},
	{path: emBase + "/connectedOrganizations", typeName: "connectedOrganization", read: emRead, write: emWrite, required: []string{"displayName"},
		initial: dir.Object{"state": "configured"}},
	{path: emBase + "/catalogs", typeName: "accessPackageCatalog", read: emRead, write: emWrite, required: []string{"displayName"},
		initial: dir.Object{"catalogType": "userManaged", "state": "published", "isExternallyVisible": false}},
	{path: emBase + "/resourceRequests", typeName: "accessPackageResourceRequest", read: emRead, write: emWrite, required: []string{"requestType", "resource", "catalog"},
		links: []string{"resource", "catalog"}, initial: dir.Object{"state": "delivered"}},
	{path: emBase + "/accessPackages", typeName: "accessPackage", read: emRead, write: emWrite, required: []string{"displayName", "catalog"},
		links: []string{"catalog"}, initial: dir.Object{"isHidden": false}},
	{path: emBase + "/assignmentPolicies", typeName: "accessPackageAssignmentPolicy", read: emRead, write: emWrite, required: []string{"displayName", "accessPackage"},
		links: []string{"accessPackage", "catalog"}, put: true},
	{path: emBase + "/assignmentRequests", typeName: "accessPackageAssignmentRequest", read: emRead, write: emWrite, required: []string{"requestType", "assignment"},
		links: []string{"assignment", "accessPackage", "requestor"}, initial: dir.Object{"state": "delivered", "status": "Delivered"}},
}

func documentRoutes() []*route {
	var out []*route
	for _, d := range documents {
		change := patch
		if d.put {
			change = put
		}
		out = append(out, get(d.path, d.read, d.list), post(d.path, d.write, d.create), get(d.path+"/{id}", d.read, d.get),
			change(d.path+"/{id}", d.write, d.change), del(d.path+"/{id}", d.write, d.remove))
	}
	review := "/identityGovernance/accessReviews/definitions/{id}"
	return append(out,
		get(review+"/instances", reviewsRead, func(c *call) error { return documents[1].under(c, "accessReviewInstance") }),
		post(review+"/stop", reviewsAll, func(c *call) error { return documents[1].set(c, dir.Object{"status": "Completed"}) }),
		get(emBase+"/settings", emRead, getSettings), patch(emBase+"/settings", emWrite, patchSettings))
}

func (d document) context() string { return strings.TrimPrefix(d.path, "/") }

func (d document) list(c *call) error {
	all := c.t.Documents.List(func(o dir.Object) bool { return o["_kind"] == d.typeName })
	return c.objects(d.context(), d.typeName, all, nil, maxPage)
}

func (d document) find(c *call) (dir.Object, error) {
	o, ok := c.t.Documents.Get(strings.ToLower(c.params["id"]))
	if !ok || o["_kind"] != d.typeName {
		return nil, dir.NotFound(c.params["id"])
	}
	return o, nil
}

func (d document) get(c *call) error {
	o, err := d.find(c)
	if err != nil {
		return err
	}
	return c.one(200, d.context(), d.typeName, o, nil)
}

// body reads and checks what was sent.
func (d document) body(c *call, required []string) (dir.Object, error) {
	props, _, err := c.properties(d.typeName, d.links...)
	if err != nil {
		return nil, err
	}
	for _, name := range required {
		if props[name] == nil {
			return nil, dir.BadRequest("A value is required for property '%s' of resource '%s'.", name, d.typeName)
		}
	}
	if s, given := props["state"].(string); given && d.typeName == "conditionalAccessPolicy" &&
		s != "enabled" && s != "disabled" && s != "enabledForReportingButNotEnforced" {
		return nil, dir.BadRequest("Invalid value specified for property 'state'.")
	}
	delete(props, "id")
	return props, nil
}

func (d document) create(c *call) error {
	props, err := d.body(c, d.required)
	if err != nil {
		return err
	}
	if d.limit > 0 && len(c.t.Documents.List(func(o dir.Object) bool { return o["_kind"] == d.typeName })) >= d.limit {
		return dir.BadRequest("The number of policies exceeds the limit of %d.", d.limit)
	}
	o := dir.Merge(d.initial, props)
	o["id"], o["_kind"] = dir.NewID(), d.typeName
	d.stamp(c, o, "createdDateTime")
	c.t.Documents.Put(o)
	return c.one(201, d.context(), d.typeName, o, nil)
}

// stamp sets the times that the type has.
func (d document) stamp(c *call, o dir.Object, names ...string) {
	for _, name := range append(names, "modifiedDateTime", "lastModifiedDateTime") {
		if _, ok := odata.TypeOf(d.typeName).Lookup(name); ok {
			o[name] = c.s.Now().UTC().Truncate(time.Second)
		}
	}
}

func (d document) change(c *call) error {
	props, err := d.body(c, nil)
	if err != nil {
		return err
	}
	return d.set(c, props)
}

func (d document) set(c *call, props dir.Object) error {
	o, err := d.find(c)
	if err != nil {
		return err
	}
	d.stamp(c, props)
	if derr := c.t.Documents.Update(o.ID(), props); derr != nil {
		return derr
	}
	return c.noContent()
}

func (d document) remove(c *call) error {
	o, err := d.find(c)
	if err != nil {
		return err
	}
	c.t.Documents.Remove(o.ID())
	return c.noContent()
}

// under is a collection below a document that never has anything: the simulator carries no review out.
func (d document) under(c *call, typeName string) error {
	if _, err := d.find(c); err != nil {
		return err
	}
	return c.list("Collection(microsoft.graph."+typeName+")", []any{})
}

const settingsID = "entitlementmanagementsettings"

func getSettings(c *call) error {
	o, ok := c.t.Documents.Get(settingsID)
	if !ok {
		o = dir.Object{"id": settingsID, "externalUserLifecycleAction": "blockSignInAndDelete", "durationUntilExternalUserDeletedAfterBlocked": "P30D"}
	}
	return c.one(200, strings.TrimPrefix(emBase, "/")+"/settings", "entitlementManagementSettings", o, nil)
}

func patchSettings(c *call) error {
	props, _, err := c.properties("entitlementManagementSettings")
	if err != nil {
		return err
	}
	switch props["externalUserLifecycleAction"] {
	case nil, "none", "blockSignIn", "blockSignInAndDelete":
	default:
		return dir.BadRequest("Invalid value specified for property 'externalUserLifecycleAction'.")
	}
	old, ok := c.t.Documents.Newest(settingsID)
	if !ok {
		old = dir.Object{"durationUntilExternalUserDeletedAfterBlocked": "P30D", "externalUserLifecycleAction": "blockSignInAndDelete"}
	}
	o := dir.Merge(old, props)
	o["id"] = settingsID
	c.t.Documents.Put(o)
	return c.noContent()
}
