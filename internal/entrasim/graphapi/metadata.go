package graphapi

import (
	"bytes"
	"encoding/json"
	"strings"

	"entente.dev/entente/internal/entrasim/odata"
)

// full tells that all metadata is wanted; some clients need @odata.id to make references.
func (c *call) full() bool {
	return strings.Contains(strings.ToLower(c.head("Accept")), "odata.metadata=full")
}

// setTypes names the entity type of the sets whose items are annotated.
var setTypes = map[string]string{
	"users": "user", "groups": "group", "applications": "application", "servicePrincipals": "servicePrincipal", "contacts": "orgContact",
	"directoryRoles": "directoryRole", "domains": "domain", "organization": "organization", "invitations": "invitation",
	"subscribedSkus": "subscribedSku", "appRoleAssignments": "appRoleAssignment", "applicationTemplates": "applicationTemplate",
}

// serviceTypes are the directory's own names of its objects, as @odata.id has them.
var serviceTypes = map[string]string{"user": "User", "group": "Group", "application": "Application", "servicePrincipal": "ServicePrincipal",
	"orgContact": "Contact", "directoryRole": "DirectoryRole", "device": "Device"}

// annotate adds what odata.metadata=full asks for to an answer that is already written: the type, id and edit link
// of every entity, and the types of lists and times.
func (c *call) annotate() {
	d := json.NewDecoder(bytes.NewReader(c.out.body))
	d.UseNumber()
	var body map[string]any
	if d.Decode(&body) != nil {
		return
	}
	context, _ := body["@odata.context"].(string)
	_, fragment, _ := strings.Cut(context, "#")
	set, _, _ := strings.Cut(fragment, "(")
	set, _, _ = strings.Cut(set, "/")
	if list, ok := body["value"].([]any); ok {
		for _, item := range list {
			if o, ok := item.(map[string]any); ok {
				c.annotateEntity(o, setTypes[set])
			}
		}
	} else {
		c.annotateEntity(body, setTypes[set])
	}
	c.out.body = marshal(body)
}

func (c *call) annotateEntity(o map[string]any, typeName string) {
	if named, ok := o["@odata.type"].(string); ok {
		typeName = strings.TrimPrefix(named, "#microsoft.graph.")
	}
	id, _ := o["id"].(string)
	typ := odata.TypeOf(typeName)
	if typ == nil || o["@removed"] != nil {
		return
	}
	o["@odata.type"] = "#microsoft.graph." + typeName
	for _, p := range typ.Properties {
		switch v := o[p.Name]; {
		case v == nil:
		case p.Collection && p.Kind == 's':
			o[p.Name+"@odata.type"] = "#Collection(String)"
		case p.Kind == 't':
			o[p.Name+"@odata.type"] = "#DateTimeOffset"
		}
	}
	if id == "" {
		return
	}
	if service, ok := serviceTypes[typeName]; ok {
		o["@odata.id"] = c.base + "/v2/" + c.t.ID + "/directoryObjects/" + id + "/Microsoft.DirectoryServices." + service
		o["@odata.editLink"] = "directoryObjects/" + id + "/Microsoft.DirectoryServices." + service
		return
	}
	for set, name := range setTypes {
		if name == typeName {
			o["@odata.id"], o["@odata.editLink"] = set+"('"+id+"')", set+"('"+id+"')"
		}
	}
}
