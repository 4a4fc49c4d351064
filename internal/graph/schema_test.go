package graph

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	ours "entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/problem"
)

// schemaDoc has everything an edit must not touch: unknown members, odd spellings, numbers that a float
// would round, escapes, a nameless mapping, the locked matching attribute, a decoy rule.
const schemaDoc = `{"@odata.context":"x","version":"v1.2","zeta":{"b":1,"a":[1.10,12345678901234567890,1e400]},
 "synchronizationRules":[
  {"name":"OTHER","objectMappings":[{"name":"decoy","sourceObjectName":"User","targetObjectName":"User","flowTypes":"Add","attributeMappings":[]}]},
  {"id":"r","name":"USER_INBOUND_USER","priority":1,"objectMappings":[
   {"name":"","sourceObjectName":"User","targetObjectName":"User","flowTypes":"Add, Update, Delete","attributeMappings":[]},
   {"enabled":true,"name":"Provision Microsoft Entra ID Users","flowTypes":"Add, Update, Delete","sourceObjectName":"User","targetObjectName":"User","scope":null,"attributeMappings":[
    {"matchingPriority":1,"targetAttributeName":"alternativeSecurityIds","source":{"type":"Function","name":"AltSecIdFromNetId","expression":"AltSecIdFromNetId([netId])","parameters":[]},"flowType":"Always"},
    {"targetAttributeName":"displayName","source":{"type":"Attribute","name":"displayName","expression":"[displayName] \u00e9 <&>"},"flowType":"Always","matchingPriority":0,"newThing":[true,null]},
    {"targetAttributeName":"showInAddressList","source":{"type":"Constant","name":"true","expression":"\"true\"","parameters":[]},"flowType":"Always","matchingPriority":0},
    {"targetAttributeName":"userType","source":{"type":"Constant","name":"Member","expression":"\"Member\"","parameters":[]},"flowType":"ObjectAddOnly","matchingPriority":0}]}]}],
 "directories":[{"id":"d","unknown":{}}]}`

func compact(t *testing.T, raw []byte) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestEditSchema(t *testing.T) {
	t.Parallel()
	have, err := ReadSchema([]byte(schemaDoc))
	base := ours.Schema{UserType: "Member", ShowInAddressList: true, Deletes: true}
	if diff := cmp.Diff(base, have); diff != "" || err != nil {
		t.Fatal(diff, err)
	}
	plain := compact(t, []byte(schemaDoc))
	for name, tc := range map[string]struct {
		want    ours.Schema
		changes []string // pairs: from, to
	}{
		"nothing":        {base, nil},
		"type left open": {ours.Schema{ShowInAddressList: true, Deletes: true}, nil},
		"no deletes":     {ours.Schema{UserType: "Member", ShowInAddressList: true}, []string{`Users","flowTypes":"Add, Update, Delete"`, `Users","flowTypes":"Add, Update"`}},
		"convert":        {ours.Schema{UserType: "Member", UserTypeRecurring: true, ShowInAddressList: true, Deletes: true}, []string{`"flowType":"ObjectAddOnly"`, `"flowType":"Always"`}},
		"guests":         {ours.Schema{UserType: "Guest", ShowInAddressList: true, Deletes: true}, []string{`"name":"Member","expression":"\"Member\""`, `"name":"Guest","expression":"\"Guest\""`}},
		"unlisted":       {ours.Schema{UserType: "Member", Deletes: true}, []string{`"name":"true","expression":"\"true\""`, `"name":"false","expression":"\"false\""`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, changed, err := EditSchema([]byte(schemaDoc), tc.want)
			if err != nil || changed != (len(tc.changes) > 0) {
				t.Fatal(changed, err)
			}
			expected := plain
			for i := 0; i < len(tc.changes); i += 2 {
				if strings.Count(expected, tc.changes[i]) != 1 {
					t.Fatalf("the test's own %q", tc.changes[i])
				}
				expected = strings.Replace(expected, tc.changes[i], tc.changes[i+1], 1)
			}
			if diff := cmp.Diff(expected, compact(t, got)); diff != "" {
				t.Fatal(diff)
			}
			if _, again, err := EditSchema(got, tc.want); again || err != nil {
				t.Fatal("editing what was edited changes it", err)
			}
		})
	}
}

func TestEditSchemaAddsWhatIsMissing(t *testing.T) {
	t.Parallel()
	doc := `{"synchronizationRules":[{"name":"USER_INBOUND_USER","objectMappings":[{"name":"m","sourceObjectName":"User","targetObjectName":"User","attributeMappings":[{"targetAttributeName":"userType","source":{"type":"Attribute","name":"x","expression":"[x]"},"matchingPriority":0}]}]}]}`
	want := ours.Schema{UserType: "Member", UserTypeRecurring: true, ShowInAddressList: true, Deletes: true}
	got, changed, err := EditSchema([]byte(doc), want)
	if err != nil || !changed {
		t.Fatal(err)
	}
	if have, err := ReadSchema(got); have != want || err != nil {
		t.Fatalf("%+v %v in %s", have, err, got)
	}
}

func TestSchemasThatCannotBeEdited(t *testing.T) {
	t.Parallel()
	for _, doc := range []string{``, `[]`, `{}`, `{"synchronizationRules":5}`, `{"synchronizationRules":[{"name":"USER_INBOUND_USER","objectMappings":[{"name":"","sourceObjectName":"User","targetObjectName":"User"}]}]}`, `{} {}`,
		`{"synchronizationRules":[{"name":"USER_INBOUND_USER","objectMappings":[{"name":"g","sourceObjectName":"Group","targetObjectName":"Group"}]}]}`, strings.Repeat("[", 5000) + strings.Repeat("]", 5000)} {
		if _, _, err := EditSchema([]byte(doc), ours.Schema{}); problem.KindOf(err) != problem.Rejected {
			t.Errorf("%.40s: %v", doc, err)
		}
	}
}

// FuzzTree: parse ∘ print is the identity on compact documents, and never panics.
func FuzzTree(f *testing.F) {
	f.Add([]byte(schemaDoc))
	f.Add([]byte(`[1,"a\u0000",{"":null},-0.0e+1]`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		n, err := parseTree(raw)
		if err != nil {
			return
		}
		if got, expected := string(n.append(nil)), compact(t, raw); got != expected {
			t.Fatalf("%s\n%s", got, expected)
		}
	})
}

// FuzzQuote: whatever is quoted is one OData literal with that value, and nothing can leave it.
func FuzzQuote(f *testing.F) {
	for _, s := range []string{"", "'", "O'Neil", "' or 1 eq 1 or 'a' eq '", "''", "\x00", "a%27"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		q := quote(value)
		if len(q) < 2 || q[0] != '\'' || q[len(q)-1] != '\'' {
			t.Fatal(q)
		}
		inner := q[1 : len(q)-1]
		for i := 0; i < len(inner); i++ {
			if inner[i] == '\'' {
				if i+1 >= len(inner) || inner[i+1] != '\'' {
					t.Fatalf("%q leaves the literal", q)
				}
				i++
			}
		}
		if strings.ReplaceAll(inner, "''", "'") != value {
			t.Fatalf("%q is not %q", q, value)
		}
	})
}

// FuzzClassify: no body makes the classifier panic or forget a kind.
func FuzzClassify(f *testing.F) {
	f.Add(400, []byte(`{"error":{"code":"a","message":"b","innerError":{"request-id":5}}}`))
	f.Add(503, []byte(`{"error":[]}`))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		found := Classify(opUser, 300+(status&0x7fffffff)%300, nil, body)
		if found.Kind == "" || found.Code == "" || len(found.Detail) > 4*maxDetail+8 {
			t.Fatalf("%+v", found)
		}
	})
}
