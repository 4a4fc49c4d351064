package engine

import "encoding/json"

// RuleID is the id of the default schema's only rule, as the how-to's sample prints it. Template ids differ by
// version, so clients have to read it.
const RuleID = "df8df8d1-9e6e-40d3-b8df-09bbb402db7e"

const (
	sourceDirectoryID = "66e4a8cc-1b7b-435e-95f8-f06cea133828"
	targetDirectoryID = "e9e6d9b5-3b6c-4f8e-a6ec-5a5c1cf3a0a5"
	sourceSystemName  = "Azure Active Directory"
	targetSystemName  = "Azure Active Directory (target tenant)"
)

// plainAttributes flow one to one by default, in the order of the documented list.
var plainAttributes = []string{"accountEnabled", "streetAddress", "city", "state", "postalCode", "country", "companyName",
	"department", "employeeId", "displayName", "givenName", "surname", "jobTitle", "mailNickname",
	"physicalDeliveryOfficeName", "preferredLanguage", "telephoneNumber", "mobile", "userPrincipalName", "mail"}

type object = map[string]any

func defaultSchema(id string) json.RawMessage {
	raw, err := json.Marshal(struct {
		ID          string   `json:"id"`
		Version     string   `json:"version"`
		Rules       []object `json:"synchronizationRules"`
		Directories []object `json:"directories"`
	}{id, "v1.2", []object{defaultRule()}, defaultDirectories()})
	if err != nil {
		panic(err) // a literal without channels or functions always marshals
	}
	return raw
}

func defaultRule() object {
	return object{
		"id": RuleID, "name": "USER_INBOUND_USER", "priority": 1, "editable": true,
		"sourceDirectoryName": sourceSystemName, "targetDirectoryName": targetSystemName,
		"containerFilter": nil, "groupFilter": nil,
		"metadata": []object{{"key": "defaultSourceObjectMappings", "value": "Initialized"},
			{"key": "supportsProvisionOnDemand", "value": "true"}},
		"objectMappings": []object{
			objectMappingJSON("Provision Microsoft Entra ID Users", true, "User", "User", userAttributes(), externalFilter()),
			objectMappingJSON("", true, "AppRoleAssignment", "User", nil, nil),
			objectMappingJSON("", true, "Role", "User", nil, nil),
			objectMappingJSON("Provision Microsoft Entra ID Groups", false, "Group", "Group", groupAttributes(), nil),
		},
	}
}

// externalFilter is the built-in scoping filter. It sits with the input filters: an admin's own filters are
// ORed among themselves, and must not let external users back in.
func externalFilter() object {
	return object{"groups": []object{}, "categoryFilterGroups": []object{}, "inputFilterGroups": []object{{
		"name": externalFilterName,
		"clauses": []object{{"sourceOperandName": "alternativeSecurityIds", "operatorName": "EQUALS",
			"targetOperand": object{"values": []string{"None"}}}},
	}}}
}

func objectMappingJSON(name string, enabled bool, from, to string, attributes []object, scope object) object {
	m := object{"name": name, "enabled": enabled, "flowTypes": "Add, Update, Delete", "sourceObjectName": from,
		"targetObjectName": to, "metadata": []object{}, "attributeMappings": attributes, "scope": nil}
	if attributes == nil {
		m["attributeMappings"] = []object{}
	}
	if scope != nil {
		m["scope"] = scope
	}
	return m
}

func attributeJSON(target string, source object, flowType string, priority int) object {
	return object{"targetAttributeName": target, "source": source, "defaultValue": nil, "flowType": flowType,
		"flowBehavior": "FlowWhenChanged", "matchingPriority": priority, "exportMissingReferences": false}
}

func attributeSource(name string) object {
	return object{"type": "Attribute", "name": name, "expression": "[" + name + "]", "parameters": []object{}}
}

func constantSource(value string) object {
	return object{"type": "Constant", "name": value, "expression": quote(value), "parameters": []object{}}
}

// userAttributes is the documented default user mapping. userType applies at creation only, which is why
// existing guests stay guests.
func userAttributes() []object {
	out := []object{
		attributeJSON("alternativeSecurityIds", object{"type": "Function", "name": "AltSecIdFromNetId",
			"expression": "AltSecIdFromNetId([netId])",
			"parameters": []object{{"key": "source", "value": attributeSource("netId")}}}, "Always", 1),
		attributeJSON("IsSoftDeleted", attributeSource("IsSoftDeleted"), "Always", 0),
	}
	for _, name := range plainAttributes {
		out = append(out, attributeJSON(name, attributeSource(name), "Always", 0))
	}
	return append(out,
		attributeJSON("showInAddressList", constantSource("true"), "Always", 0),
		attributeJSON("userType", constantSource("Member"), "ObjectAddOnly", 0),
		attributeJSON("manager", attributeSource("manager"), "Always", 0))
}

func groupAttributes() []object {
	return []object{
		attributeJSON("originId", attributeSource("objectId"), "Always", 1),
		attributeJSON("displayName", attributeSource("displayName"), "Always", 0),
		attributeJSON("description", attributeSource("description"), "Always", 0),
		attributeJSON("mailNickname", attributeSource("mailNickname"), "Always", 0),
		attributeJSON("members", attributeSource("members"), "Always", 0),
	}
}

func defaultDirectories() []object {
	directory := func(id, name string, attributes []object) object {
		return object{"id": id, "name": name, "discoverabilities": "AttributeNames,AttributeDataTypes,AttributeReadOnly,ReferenceAttributes",
			"discoveryDateTime": nil, "readOnly": false, "version": "v1.2",
			"objects": []object{{"name": "User", "metadata": []object{}, "supportedApis": []string{}, "attributes": attributes}}}
	}
	return []object{
		directory(sourceDirectoryID, sourceSystemName, directoryAttributes("netId", "objectId", "proxyAddresses")),
		directory(targetDirectoryID, targetSystemName, directoryAttributes("userType")),
	}
}

func directoryAttributes(extra ...string) []object {
	var out []object
	names := append([]string{"alternativeSecurityIds", "IsSoftDeleted", "showInAddressList"}, plainAttributes...)
	for _, name := range append(append(names, extra...), "manager") {
		kind, references := "String", []object{}
		switch name {
		case "accountEnabled", "IsSoftDeleted", "showInAddressList":
			kind = "Boolean"
		case "manager":
			kind, references = "Reference", []object{{"referencedObjectName": "User", "referencedProperty": nil}}
		}
		out = append(out, object{"name": name, "type": kind, "anchor": name == "objectId", "apiExpressions": []object{},
			"caseExact": false, "defaultValue": nil, "flowNullValues": false, "metadata": []object{},
			"multivalued": name == "proxyAddresses" || name == "alternativeSecurityIds", "mutability": "ReadWrite",
			"referencedObjects": references, "required": name == "alternativeSecurityIds"})
	}
	return out
}

// Templates lists the synchronization templates of a configuration application.
func Templates() []json.RawMessage {
	raw, err := json.Marshal(object{
		"id": TemplateID, "applicationId": "518e5f48-1fc8-4c48-9387-9fdf28b0dfe7", "default": true, "discoverable": false,
		"factoryTag": TemplateID, "description": "Synchronizes users between Microsoft Entra tenants.",
		"metadata": []object{
			{"key": "GalleryApplicationIdentifier", "value": "518e5f48-1fc8-4c48-9387-9fdf28b0dfe7"},
			{"key": "GalleryApplicationKey", "value": "aad2aadsync"},
			{"key": "IsOAuthEnabled", "value": "False"},
			{"key": "IsSynchronizationAgentAssignmentRequired", "value": "False"},
			{"key": "IsSynchronizationAgentRequired", "value": "False"},
			{"key": "IsSynchronizationInPreview", "value": "False"},
			{"key": "ConfigurationFields", "value": `{"SupportedAuthenticationTypes":["SyncPolicy"],"SyncPolicy":[{"defaultLabel":"Tenant Id","name":"companyId"}]}`},
		},
	})
	if err != nil {
		panic(err)
	}
	return []json.RawMessage{raw}
}
