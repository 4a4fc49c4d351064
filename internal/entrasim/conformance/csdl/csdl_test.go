package csdl

import (
	"strings"
	"testing"
)

// schemaText is a small schema, so that the checks are tested without Microsoft's.
const schemaText = `<edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>
<Schema Namespace="microsoft.graph" Alias="graph" xmlns="http://docs.oasis-open.org/odata/ns/edm">
<EnumType Name="color"><Member Name="red"/><Member Name="blue"/></EnumType>
<EnumType Name="rights" IsFlags="true"><Member Name="read"/><Member Name="write"/></EnumType>
<EntityType Name="entity" Abstract="true"><Property Name="id" Type="Edm.String" Nullable="false"/></EntityType>
<EntityType Name="directoryObject" BaseType="graph.entity"/>
<EntityType Name="user" BaseType="graph.directoryObject">
 <Property Name="tenant" Type="Edm.Guid" Nullable="false"/><Property Name="at" Type="Edm.DateTimeOffset"/>
 <Property Name="every" Type="Edm.Duration"/><Property Name="count" Type="Edm.Int32"/><Property Name="on" Type="Edm.Boolean"/>
 <Property Name="color" Type="graph.color"/><Property Name="rights" Type="graph.rights"/>
 <Property Name="names" Type="Collection(Edm.String)" Nullable="false"/><Property Name="place" Type="graph.place"/>
 <NavigationProperty Name="manager" Type="graph.directoryObject"/><NavigationProperty Name="memberOf" Type="Collection(graph.directoryObject)"/>
</EntityType>
<EntityType Name="group" BaseType="graph.directoryObject"><Property Name="name" Type="Edm.String"/></EntityType>
<ComplexType Name="place"><Property Name="city" Type="Edm.String"/></ComplexType>
<ComplexType Name="bag" OpenType="true"/>
<Function Name="delta" IsBound="true"><Parameter Name="b" Type="Collection(graph.user)"/><ReturnType Type="Collection(graph.user)"/></Function>
<Action Name="wipe" IsBound="true"><Parameter Name="b" Type="graph.user"/></Action>
<Action Name="groupsOf" IsBound="true"><Parameter Name="b" Type="graph.directoryObject"/><ReturnType Type="Collection(Edm.String)"/></Action>
<EntityContainer Name="G"><EntitySet Name="users" EntityType="microsoft.graph.user"/><Singleton Name="me" Type="microsoft.graph.user"/></EntityContainer>
</Schema></edmx:DataServices></edmx:Edmx>`

func small(t *testing.T) *Model {
	t.Helper()
	m, err := Parse(strings.NewReader(schemaText))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func one(body string) Answer {
	body = strings.Replace(body, "{", `{"@odata.context":"https://x/v1.0/$metadata#users/$entity",`, 1)
	return Answer{Method: "GET", Version: "v1.0", Path: "/users/1", Status: 200, ContentType: "application/json", Body: []byte(body)}
}

func TestPlantedViolationsAreFound(t *testing.T) {
	m := small(t)
	for body, want := range map[string]string{
		`{"nonsense":1}`:               `has no property "nonsense"`,
		`{"Tenant":"x"}`:               `is spelled "Tenant"`,
		`{"tenant":null}`:              "not nullable",
		`{"tenant":"7"}`:               "no Edm.Guid",
		`{"at":"2026-01-01"}`:          "no Edm.DateTimeOffset",
		`{"at":"2026-01-01T00:00:00"}`: "no Edm.DateTimeOffset",
		`{"every":"40M"}`:              "no Edm.Duration",
		`{"count":"1"}`:                "no Edm.Int32",
		`{"count":1.5}`:                "no Edm.Int32",
		`{"count":2147483648}`:         "no Edm.Int32",
		`{"on":"true"}`:                "no Edm.Boolean",
		`{"color":"green"}`:            `"green" is no member of microsoft.graph.color`,
		`{"color":"red,blue"}`:         "is no member",
		`{"rights":"read,eat"}`:        `"eat" is no member`,
		`{"names":null}`:               "not a list",
		`{"names":"x"}`:                "not a list",
		`{"names":["x",null]}`:         "not nullable",
		`{"place":"x"}`:                "not an object",
		`{"place":{"zip":1}}`:          `microsoft.graph.place has no property "zip"`,
		`{"manager":{"tenant":"x"}}`:   `microsoft.graph.directoryObject has no property "tenant"`,
		`{"manager":{"@odata.type":"#microsoft.graph.place"}}`:             "is no microsoft.graph.directoryObject",
		`{"memberOf":[{"@odata.type":"#microsoft.graph.group","name":1}]}`: "no Edm.String",
		`{"@odata.nonsense":1}`: "unknown annotation",
		`{"@removed":{}}`:       "@removed",
	} {
		found := strings.Join(m.Check(one(body)), "; ")
		if !strings.Contains(found, want) {
			t.Errorf("%s: found %q, want %q", body, found, want)
		}
	}
}

func TestPlantedViolationsOfWholeAnswers(t *testing.T) {
	m := small(t)
	list := func(context, rest string) []byte {
		return []byte(`{"@odata.context":"https://x/v1.0/$metadata#` + context + `"` + rest + `}`)
	}
	for want, a := range map[string]Answer{
		"no @odata.context":              {Path: "/users", Body: []byte(`{"value":[]}`)},
		"although no metadata":           {Path: "/users", NoMetadata: true, Body: list("users", `,"value":[]`)},
		"is about microsoft.graph.place": {Path: "/users", Body: list("Collection(microsoft.graph.place)", `,"value":[]`)},
		"not below /v1.0/":               {Path: "/users", Body: []byte(`{"@odata.context":"https://x/beta/$metadata#users","value":[]}`)},
		`"items" beside value`:           {Path: "/users", Body: list("users", `,"value":[],"items":[]`)},
		"is <nil>, not a list":           {Path: "/users", Body: list("users", ``)},
		"on was selected":                {Path: "/users", Select: []string{"on"}, Body: list("users(on)", `,"value":[{}]`)},
		"count was not selected":         {Path: "/users", Select: []string{"on"}, Body: list("users(on)", `,"value":[{"on":true,"count":1}]`)},
		"has no segment":                 {Path: "/users/1/nonsense", Body: list("users", "")},
		"the entity container has":       {Path: "/nonsense", Body: list("users", "")},
		"where the schema returns n":     {Method: "POST", Path: "/users/1/wipe", Body: list("users", "")},
		"is no count":                    {Path: "/users/$count", ContentType: "text/plain", Body: []byte("many")},
		"without a body":                 {Path: "/users"},
		"no error with code":             {Path: "/users", Status: 400, Body: []byte(`{"error":{"code":"x"}}`)},
		"not date, request-id":           {Path: "/users", Status: 400, Body: []byte(`{"error":{"code":"x","message":"","innerError":{"date":"2026-01-01T00:00:00Z"}}}`)},
	} {
		if a.Method == "" {
			a.Method = "GET"
		}
		if a.Status == 0 {
			a.Status = 200
		}
		if a.ContentType == "" {
			a.ContentType = "application/json"
		}
		a.Version = "v1.0"
		if found := strings.Join(m.Check(a), "; "); !strings.Contains(found, want) {
			t.Errorf("found %q, want %q", found, want)
		}
	}
}

func TestSoundAnswersPass(t *testing.T) {
	m := small(t)
	for _, body := range []string{
		`{"id":"1","tenant":"0a000000-0000-4000-8000-00000000000a","at":"2026-01-01T00:00:00Z","every":"PT40M","count":-3,"on":false}`,
		`{"color":"red","rights":"read, write","names":[],"place":{"city":null},"x@odata.type":"#Collection(String)"}`,
		`{"manager":{"@odata.type":"#microsoft.graph.user","on":true},"memberOf":[]}`, `{"place":null,"at":null}`,
	} {
		body = strings.Replace(body, `"x@odata.type":"#Collection(String)"`, `"names@odata.type":"#Collection(String)"`, 1)
		if found := m.Check(one(body)); len(found) > 0 {
			t.Errorf("%s: %v", body, found)
		}
	}
	for path, want := range map[string]string{
		"/users": "Collection(microsoft.graph.user)", "/users/delta": "Collection(microsoft.graph.user)", "/users/delta()": "Collection(microsoft.graph.user)",
		"/users('1')": "microsoft.graph.user", "/me/memberOf": "Collection(microsoft.graph.directoryObject)",
		"/me/memberOf/microsoft.graph.group": "Collection(microsoft.graph.group)", "/users/1/groupsOf": "Collection(Edm.String)",
		"/Users/1/Manager": "microsoft.graph.directoryObject", "/users/1/manager/$ref": "$ref", "/users/$count": "Edm.Int64",
	} {
		if got, err := m.Answers("GET", path); err != nil || got.String() != want {
			t.Errorf("%s answers %v %v, want %s", path, got, err, want)
		}
	}
}

func TestMissingSchemaIsSaidPlainly(t *testing.T) {
	t.Setenv(Variable, t.TempDir()+"/nowhere.csdl")
	if _, err := Load("."); err == nil || !strings.Contains(err.Error(), Variable) {
		t.Errorf("%v", err)
	}
}
