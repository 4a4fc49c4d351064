package engine

import (
	"bytes"
	"encoding/json"
	"strings"
)

// schemaState is a job's schema: the bytes a client reads back, with unknown members and order kept, and what
// the engine understood of them.
type schemaState struct {
	Raw  json.RawMessage
	Rule string   // id of the rule with the user mapping
	User *mapping // never nil after parseSchema
}

type schemaDoc struct {
	Rules []ruleDoc `json:"synchronizationRules"`
}

type ruleDoc struct {
	ID             string       `json:"id"`
	ObjectMappings []mappingDoc `json:"objectMappings"`
}

type mappingDoc struct {
	Name              string         `json:"name"`
	Enabled           bool           `json:"enabled"`
	FlowTypes         string         `json:"flowTypes"`
	SourceObjectName  string         `json:"sourceObjectName"`
	TargetObjectName  string         `json:"targetObjectName"`
	Scope             *filterDoc     `json:"scope"`
	AttributeMappings []attributeDoc `json:"attributeMappings"`
}

type attributeDoc struct {
	TargetAttributeName string    `json:"targetAttributeName"`
	Source              sourceDoc `json:"source"`
	DefaultValue        *string   `json:"defaultValue"`
	FlowType            string    `json:"flowType"`
	FlowBehavior        string    `json:"flowBehavior"`
	MatchingPriority    int       `json:"matchingPriority"`
}

type sourceDoc struct {
	Type       string `json:"type"`
	Name       string `json:"name"`
	Expression string `json:"expression"`
}

type filterDoc struct {
	Groups      []filterGroup `json:"groups"`
	InputGroups []filterGroup `json:"inputFilterGroups"`
}

type filterGroup struct {
	Name    string         `json:"name"`
	Clauses []filterClause `json:"clauses"`
}

type filterClause struct {
	SourceOperandName string `json:"sourceOperandName"`
	OperatorName      string `json:"operatorName"`
	TargetOperand     struct {
		Values []string `json:"values"`
	} `json:"targetOperand"`
}

// mapping is the user mapping, ready to run.
type mapping struct {
	Enabled             bool
	Add, Update, Delete bool
	Filters, Input      []filterGroup
	Attributes          []attribute
	Manager             bool
}

type attribute struct {
	Target   string
	Value    expression
	Text     string // the expression as written, for the log
	Default  *string
	FlowType string
}

// parseSchema validates a schema and compiles its user mapping. The matching attribute is fixed: another one, a
// changed one or a missing one is schemaInvalid.
func parseSchema(raw json.RawMessage) (schemaState, error) {
	var doc schemaDoc
	if err := json.Unmarshal(raw, &doc); err != nil {
		return schemaState{}, badRequest("Unable to read JSON request payload.")
	}
	var state schemaState
	for _, r := range doc.Rules {
		for i := range r.ObjectMappings {
			m := &r.ObjectMappings[i]
			if err := checkFlowTypes(m.FlowTypes); err != nil {
				return schemaState{}, err
			}
			if state.User != nil || m.SourceObjectName != "User" || m.TargetObjectName != "User" || len(m.AttributeMappings) == 0 {
				continue
			}
			user, err := compileMapping(m)
			if err != nil {
				return schemaState{}, err
			}
			state.Rule, state.User = r.ID, user
		}
	}
	if state.User == nil {
		return schemaState{}, schemaInvalid("The schema has no object mapping from User to User.")
	}
	state.Raw = raw
	return state, nil
}

func checkFlowTypes(s string) error {
	for _, f := range strings.Split(s, ",") {
		switch strings.ToLower(strings.TrimSpace(f)) {
		case "", "none", "add", "update", "delete":
		default:
			return schemaInvalid("'%s' is not a value of objectFlowTypes.", strings.TrimSpace(f))
		}
	}
	return nil
}

func hasFlow(flowTypes, name string) bool {
	for _, f := range strings.Split(flowTypes, ",") {
		if strings.EqualFold(strings.TrimSpace(f), name) {
			return true
		}
	}
	return false
}

func compileMapping(m *mappingDoc) (*mapping, error) {
	out := &mapping{Enabled: m.Enabled, Add: hasFlow(m.FlowTypes, "Add"),
		Update: hasFlow(m.FlowTypes, "Update"), Delete: hasFlow(m.FlowTypes, "Delete")}
	if m.Scope != nil {
		out.Filters, out.Input = m.Scope.Groups, m.Scope.InputGroups
		for _, g := range append(append([]filterGroup{}, out.Filters...), out.Input...) {
			for _, c := range g.Clauses {
				if err := checkClause(c); err != nil {
					return nil, err
				}
			}
		}
	}
	matching := 0
	for _, a := range m.AttributeMappings {
		if a.MatchingPriority > 0 {
			matching++
			if !strings.EqualFold(a.TargetAttributeName, "alternativeSecurityIds") ||
				!strings.EqualFold(strings.ReplaceAll(a.Source.Expression, " ", ""), "AltSecIdFromNetId([netId])") {
				return nil, schemaInvalid("The matching attribute alternativeSecurityIds cannot be changed and no other can be added.")
			}
		}
		compiled, err := compileAttribute(a)
		if err != nil {
			return nil, err
		}
		if strings.EqualFold(a.TargetAttributeName, "manager") {
			out.Manager = true
			continue
		}
		out.Attributes = append(out.Attributes, compiled)
	}
	if matching != 1 {
		return nil, schemaInvalid("Exactly one matching attribute, alternativeSecurityIds, is expected; found %d.", matching)
	}
	return out, nil
}

// forbiddenTargets are computed by the target or documented as a source only.
var forbiddenTargets = map[string]bool{"othermails": true, "proxyaddresses": true}

// forbiddenSources cannot be read by an expression.
var forbiddenSources = map[string]bool{"usertype": true, "samaccountname": true}

func compileAttribute(a attributeDoc) (attribute, error) {
	if forbiddenTargets[strings.ToLower(a.TargetAttributeName)] {
		return attribute{}, schemaInvalid("The attribute '%s' cannot be a target attribute.", a.TargetAttributeName)
	}
	switch a.FlowType {
	case "", "Always", "ObjectAddOnly", "MultiValueAddOnly", "ValueAddOnly", "AttributeAddOnly":
	default:
		return attribute{}, schemaInvalid("'%s' is not a value of attributeFlowType.", a.FlowType)
	}
	text := a.Source.Expression
	switch a.Source.Type {
	case "Constant":
		if text == "" {
			text = quote(a.Source.Name)
		}
	case "Attribute":
		if text == "" {
			text = "[" + a.Source.Name + "]"
		}
	case "Function":
	default:
		return attribute{}, schemaInvalid("'%s' is not a value of attributeMappingSourceType.", a.Source.Type)
	}
	value, err := parseExpression(text)
	if err != nil {
		return attribute{}, schemaInvalid("The expression of '%s' is not supported: %s", a.TargetAttributeName, err)
	}
	return attribute{Target: a.TargetAttributeName, Value: value, Text: text, Default: a.DefaultValue, FlowType: a.FlowType}, nil
}

// member is one property of a JSON object, in its place.
type member struct {
	key   string
	value json.RawMessage
}

// withID rewrites a schema's top level: the id is the job's, annotations go, directories that a client left out
// stay; everything else keeps its place and bytes.
func withID(raw json.RawMessage, id string, previous json.RawMessage) (json.RawMessage, error) {
	members, err := topLevel(raw)
	if err != nil {
		return nil, badRequest("Unable to read JSON request payload.")
	}
	idJSON, _ := json.Marshal(id)
	out := []member{{"id", idJSON}}
	directories := false
	for _, m := range members {
		if m.key == "id" || strings.HasPrefix(m.key, "@") {
			continue
		}
		directories = directories || m.key == "directories"
		out = append(out, m)
	}
	if !directories && previous != nil {
		old, _ := topLevel(previous)
		for _, m := range old {
			if m.key == "directories" {
				out = append(out, m)
			}
		}
	}
	var b bytes.Buffer
	for i, m := range out {
		b.WriteByte("{,"[min(i, 1)])
		key, _ := json.Marshal(m.key)
		b.Write(key)
		b.WriteByte(':')
		b.Write(m.value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func topLevel(raw json.RawMessage) ([]member, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, badRequest("object expected")
	}
	var out []member
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		var m member
		m.key, _ = t.(string)
		if err := d.Decode(&m.value); err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}

// Schema returns the job's schema as JSON without @odata.context.
func (e *Engine) Schema(tenantID, spID, jobID string) (json.RawMessage, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	j, err := e.find(tenantID, spID, jobID)
	if err != nil {
		return nil, err
	}
	return j.ctl.Schema.Raw, nil
}

// SetSchema replaces the whole schema. A saved schema clears the watermark, so the next cycle is an initial one.
func (e *Engine) SetSchema(tenantID, spID, jobID string, raw json.RawMessage) error {
	if !json.Valid(raw) {
		return badRequest("Unable to read JSON request payload.")
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	j, err := e.find(tenantID, spID, jobID)
	if err != nil {
		return err
	}
	stored, err := withID(raw, jobID, j.ctl.Schema.Raw)
	if err != nil {
		return err
	}
	schema, err := parseSchema(stored)
	if err != nil {
		return err
	}
	j.ctl.Schema = schema
	j.ctl.Reset |= resetWatermark
	return nil
}

// ResetSchema goes back to the template's schema and, like every saved change, to an initial cycle.
func (e *Engine) ResetSchema(tenantID, spID, jobID string) error {
	return e.SetSchema(tenantID, spID, jobID, defaultSchema(jobID))
}

// Directories lists the schema's directory definitions.
func (e *Engine) Directories(tenantID, spID, jobID string) ([]json.RawMessage, error) {
	raw, err := e.Schema(tenantID, spID, jobID)
	if err != nil {
		return nil, err
	}
	var doc struct {
		Directories []json.RawMessage `json:"directories"`
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, err
	}
	return doc.Directories, nil
}

// DiscoverDirectory answers the discover action of one directory definition.
func (e *Engine) DiscoverDirectory(tenantID, spID, jobID, directoryID string) (json.RawMessage, error) {
	all, err := e.Directories(tenantID, spID, jobID)
	if err != nil {
		return nil, err
	}
	for _, raw := range all {
		var d struct {
			ID string `json:"id"`
		}
		if json.Unmarshal(raw, &d) == nil && d.ID == directoryID {
			return raw, nil
		}
	}
	return nil, notFound("Resource", directoryID)
}
