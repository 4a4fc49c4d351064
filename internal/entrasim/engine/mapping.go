package engine

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
)

// graphNames translates the mapping's older attribute names to the names of a Graph user.
var graphNames = map[string]string{
	"physicalDeliveryOfficeName": "officeLocation",
	"telephoneNumber":            "businessPhones",
	"mobile":                     "mobilePhone",
	"facsimileTelephoneNumber":   "faxNumber",
}

// graphName is the Graph property a mapping's attribute name stands for.
func graphName(name string) string {
	if g, ok := graphNames[name]; ok {
		return g
	}
	return name
}

// internalTargets are mapped attributes that no write carries: the key and the deletion mark.
func internalTarget(name string) bool {
	return strings.EqualFold(name, "alternativeSecurityIds") || strings.EqualFold(name, "IsSoftDeleted")
}

// attributeOf reads an attribute of a user by mapping or Graph name; nil is null, and so is an empty string.
func attributeOf(u *User, name string) any {
	var v any
	switch strings.ToLower(name) {
	case "userprincipalname":
		v = u.UserPrincipalName
	case "mail":
		v = u.Mail
	case "displayname":
		v = u.DisplayName
	case "usertype":
		v = u.UserType
	case "accountenabled":
		return u.AccountEnabled
	case "objectid", "id":
		v = u.ID
	case "netid":
		v = u.NetID
	case "manager":
		v = u.ManagerID
	case "issoftdeleted":
		return !u.DeletedAt.IsZero()
	case "alternativesecurityids":
		if eligible(u) {
			return "None"
		}
		return "(1 values)"
	default:
		v = u.Attributes[graphName(name)]
		if list := texts(v); list != nil {
			if len(list) == 0 {
				return nil
			}
			if name == "telephoneNumber" {
				return list[0]
			}
			return list
		}
	}
	if v == "" {
		return nil
	}
	return v
}

// texts reads a list of strings in either of the forms a directory may hold it; nil when it is no list.
func texts(v any) []string {
	switch l := v.(type) {
	case []string:
		return append([]string{}, l...)
	case []any:
		out := make([]string, 0, len(l))
		for _, x := range l {
			out = append(out, text(x))
		}
		return out
	}
	return nil
}

// text renders a value as the log and the filters see it: True and False with a capital, lists joined.
func text(v any) string {
	switch x := v.(type) {
	case nil:
		return ""
	case string:
		return x
	case bool:
		if x {
			return "True"
		}
		return "False"
	case int:
		return strconv.Itoa(x)
	case float64:
		return strconv.FormatFloat(x, 'f', -1, 64)
	case []string:
		return strings.Join(x, ",")
	case []any:
		return strings.Join(texts(x), ",")
	}
	return fmt.Sprint(v)
}

// flow is one value on its way to the target, by Graph name.
type flow struct {
	name  string
	value any
	attr  *attribute
}

// flows evaluates the mapping for a source user. A null source value does not flow (documented), except that a
// default value takes its place at creation. externalUPN is the name the target gives a user from elsewhere.
func (c *cycle) flows(u *User, create bool) []flow {
	read := func(name string) any { return attributeOf(u, name) }
	out := make([]flow, 0, len(c.schema.User.Attributes))
	for i := range c.schema.User.Attributes {
		a := &c.schema.User.Attributes[i]
		if internalTarget(a.Target) || (!create && a.FlowType == "ObjectAddOnly") {
			continue
		}
		v := a.Value(read)
		if (v == nil || v == "") && create && a.Default != nil {
			v = *a.Default
		}
		if v == nil || v == "" {
			continue
		}
		out = append(out, flow{graphName(a.Target), c.typed(a.Target, v), a})
	}
	return out
}

// typed gives a value the type its target property has.
func (c *cycle) typed(target string, v any) any {
	switch target {
	case "accountEnabled", "showInAddressList":
		return strings.EqualFold(text(v), "true")
	case "telephoneNumber", "businessPhones":
		if list, ok := v.([]string); ok {
			return list
		}
		return []string{text(v)}
	case "userPrincipalName":
		return externalUPN(text(v), c.tgt.Domain())
	}
	if list, ok := v.([]string); ok {
		return list
	}
	return text(v)
}

// externalUPN is alias_sourcedomain#EXT#@target, the documented form.
func externalUPN(upn, domain string) string {
	if strings.Contains(upn, "#EXT#") {
		return upn
	}
	return strings.ReplaceAll(upn, "@", "_") + "#EXT#@" + domain
}

// differences keeps the flows that would change the target.
func differences(flows []flow, target *User) []flow {
	var out []flow
	for _, f := range flows {
		name := f.attr.Target
		if name == "telephoneNumber" {
			name = "businessPhones"
		}
		have := attributeOf(target, name)
		if have != nil && (f.attr.FlowType == "AttributeAddOnly" || f.attr.FlowType == "ValueAddOnly") {
			continue
		}
		if text(have) != text(f.value) {
			out = append(out, f)
		}
	}
	return out
}

// fingerprint is a hash of everything a mapping reads of a user. A user that was touched without a change to it
// (a membership elsewhere, an attribute that is not mapped) is unchanged for the engine, which asks the directory
// for changes of the mapped attributes only.
func (c *cycle) fingerprint(u *User) uint64 {
	h := fnv.New64a()
	read := func(name string) any { return attributeOf(u, name) }
	for i := range c.schema.User.Attributes {
		h.Write([]byte(text(c.schema.User.Attributes[i].Value(read))))
		h.Write([]byte{0})
	}
	if c.schema.User.Manager {
		h.Write([]byte(u.ManagerID))
	}
	return h.Sum64()
}
