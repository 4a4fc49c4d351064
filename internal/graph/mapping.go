package graph

import (
	"slices"
	"strings"

	ours "entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/problem"
)

// The names by which the user mapping is found: never by directory names, which Microsoft renamed, nor by
// rule ids, which differ by template version (setup sheet 4.7, checked 2026-11).
const (
	userRule     = "USER_INBOUND_USER"
	attrUserType = "userType"
	attrListed   = "showInAddressList"
	flowAlways   = "Always"
	flowCreation = "ObjectAddOnly"
	flowDelete   = "Delete"
)

// userMapping is the User → User mapping of a schema, with the document around it.
type userMapping struct {
	root    *node
	mapping *node
}

func schemaProblem(detail string) error {
	err := problem.New(problem.Rejected, "edit a synchronization schema", detail)
	err.Remedy = "compare the job's schema with the template; resetting it to the default repairs it"
	return err
}

// findUserMapping looks in the rule of the known name first, then in all others. Nameless mappings are the
// service's own and are never touched.
func findUserMapping(raw []byte) (*userMapping, error) {
	root, err := parseTree(raw)
	if err != nil {
		return nil, schemaProblem("the schema is not a JSON document")
	}
	rules := root.get("synchronizationRules").list()
	for _, known := range []bool{true, false} {
		for _, rule := range rules {
			if (rule.get("name").str() == userRule) != known {
				continue
			}
			for _, m := range rule.get("objectMappings").list() {
				if strings.EqualFold(m.get("sourceObjectName").str(), "User") && strings.EqualFold(m.get("targetObjectName").str(), "User") && m.get("name").str() != "" {
					return &userMapping{root, m}, nil
				}
			}
		}
	}
	return nil, schemaProblem("the schema has no User mapping")
}

// attribute finds the mapping of a target attribute that is not a matching one.
func (m *userMapping) attribute(target string) *node {
	for _, a := range m.mapping.get("attributeMappings").list() {
		if strings.EqualFold(a.get("targetAttributeName").str(), target) && !matching(a) {
			return a
		}
	}
	return nil
}

func matching(a *node) bool {
	p := a.get("matchingPriority")
	return p != nil && p.kind == 0 && !slices.Contains([]string{"0", "null", `""`, `"0"`}, string(p.scalar))
}

// constant returns the value of a constant source, "" for any other.
func constant(a *node) string {
	source := a.get("source")
	if !strings.EqualFold(source.get("type").str(), "Constant") {
		return ""
	}
	if name := source.get("name").str(); name != "" {
		return name
	}
	return strings.Trim(source.get("expression").str(), `"`)
}

func (m *userMapping) flowTypes() []string {
	var flows []string
	for _, f := range strings.Split(m.mapping.get("flowTypes").str(), ",") {
		if f = strings.TrimSpace(f); f != "" {
			flows = append(flows, f)
		}
	}
	return flows
}

func (m *userMapping) read() ours.Schema {
	s := ours.Schema{Deletes: slices.ContainsFunc(m.flowTypes(), isDelete)}
	if a := m.attribute(attrUserType); a != nil {
		s.UserType = constant(a)
		flow := a.get("flowType").str()
		s.UserTypeRecurring = strings.EqualFold(flow, flowAlways)
	}
	if a := m.attribute(attrListed); a != nil {
		s.ShowInAddressList = strings.EqualFold(constant(a), "true")
	}
	return s
}

func isDelete(flow string) bool { return strings.EqualFold(flow, flowDelete) }

// wanted fills what want leaves open from what there is.
func (m *userMapping) wanted(want ours.Schema) ours.Schema {
	if have := m.read(); want.UserType == "" {
		want.UserType, want.UserTypeRecurring = have.UserType, have.UserTypeRecurring
	}
	return want
}

func (m *userMapping) write(want ours.Schema) error {
	have := m.read()
	want = m.wanted(want)
	if have.Deletes != want.Deletes {
		flows := slices.DeleteFunc(m.flowTypes(), isDelete)
		if want.Deletes {
			flows = append(flows, flowDelete)
		}
		m.mapping.set("flowTypes", stringNode(strings.Join(flows, ", ")))
	}
	if have.UserType != want.UserType || have.UserTypeRecurring != want.UserTypeRecurring {
		flow := flowCreation
		if want.UserTypeRecurring {
			flow = flowAlways
		}
		if err := m.setConstant(attrUserType, want.UserType, flow); err != nil {
			return err
		}
	}
	if have.ShowInAddressList != want.ShowInAddressList {
		value := "false" // the default mapping's own spelling
		if want.ShowInAddressList {
			value = "true"
		}
		return m.setConstant(attrListed, value, "")
	}
	return nil
}

// setConstant makes a target attribute a constant; flow "" keeps the flow type of a mapping that exists. A
// mapping that is missing is appended.
func (m *userMapping) setConstant(target, value, flow string) error {
	list := m.mapping.get("attributeMappings")
	if list == nil || list.kind != '[' {
		return schemaProblem("the User mapping has no attribute mappings")
	}
	a := m.attribute(target)
	if a == nil {
		a = &node{kind: '{'}
		a.set("defaultValue", &node{scalar: []byte("null")})
		a.set("exportMissingReferences", &node{scalar: []byte("false")})
		a.set("flowBehavior", stringNode("FlowWhenChanged"))
		a.set("flowType", stringNode(flowAlways))
		a.set("matchingPriority", &node{scalar: []byte("0")})
		a.set("targetAttributeName", stringNode(target))
		list.items = append(list.items, a)
	}
	source := a.get("source")
	if source == nil || source.kind != '{' {
		source = &node{kind: '{'}
		a.set("source", source)
	}
	source.set("expression", stringNode(`"`+value+`"`))
	source.set("name", stringNode(value))
	source.set("type", stringNode("Constant"))
	source.set("parameters", &node{kind: '['})
	if flow != "" {
		a.set("flowType", stringNode(flow))
	}
	return nil
}
