package csdl

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Answer is one answer of Graph to a request.
type Answer struct {
	Method, Version, Path string // Path is below the version and without query
	Select                []string
	Delta                 bool // an answer of change tracking, which leaves out what was never set
	NoMetadata            bool // odata.metadata=none was asked for
	Status                int
	ContentType           string
	Body                  []byte
}

// Check says what is wrong with an answer; nothing when it is sound.
func (m *Model) Check(a Answer) []string {
	c := &checker{m: m, extras: Extras(), beta: a.Version == "beta"}
	if a.Status >= 400 {
		c.errorBody(a)
		return c.faults
	}
	want, err := m.Answers(a.Method, a.Path)
	switch {
	case err != nil:
		return []string{err.Error()}
	case len(a.Body) == 0:
		if a.Status != 204 && a.Status != 202 {
			c.fault("$", "status %d without a body", a.Status)
		}
		return c.faults
	case want == Count && strings.HasPrefix(a.ContentType, "text/plain"):
		if _, err := strconv.ParseInt(string(a.Body), 10, 64); err != nil {
			c.fault("$", "%q is no count", a.Body)
		}
		return c.faults
	case want.Name == "":
		c.fault("$", "a body where the schema returns nothing")
		return c.faults
	}
	body, err := decode(a.Body)
	if err != nil || !strings.HasPrefix(a.ContentType, "application/json") {
		c.fault("$", "not a JSON object (%v, %s)", err, a.ContentType)
		return c.faults
	}
	c.answer(a, body, want)
	return c.faults
}

func (c *checker) answer(a Answer, body map[string]any, want Ref) {
	context, given := body["@odata.context"].(string)
	switch {
	case given && a.NoMetadata:
		c.fault("$", "@odata.context although no metadata was asked for")
	case !given && !a.NoMetadata:
		c.fault("$", "no @odata.context")
	case given:
		if err := c.m.context(a.Version, context, want); err != nil {
			c.fault("$", "%s", err)
		}
	}
	if want == (Ref{Name: Reference}) {
		c.reference("$", body)
		return
	}
	if !want.Collection && c.m.types[want.Name] != nil {
		c.object("$", body, want.Name)
		c.selected(a, "$", body, want.Name)
		return
	}
	for _, key := range slices.Sorted(maps.Keys(body)) {
		if strings.HasPrefix(key, "@") {
			c.control("$", key, body[key])
		} else if key != "value" {
			c.fault("$", "%q beside value", key)
		}
	}
	c.value("$.value", body["value"], want, false)
	list, _ := body["value"].([]any)
	for i, item := range list {
		if o, ok := item.(map[string]any); ok {
			c.selected(a, fmt.Sprintf("$.value[%d]", i), o, want.Name)
		}
	}
}

// selected checks that $select is obeyed: everything that was asked for, and nothing that was not.
func (c *checker) selected(a Answer, at string, o map[string]any, declared string) {
	if len(a.Select) == 0 || slices.Contains(a.Select, "*") {
		return
	}
	if named, ok := o["@odata.type"].(string); ok {
		declared = strings.TrimPrefix(named, "#")
	}
	asked := map[string]bool{"id": a.Delta}
	for _, s := range a.Select {
		asked[strings.ToLower(s)] = true
		p, ok := c.m.property(declared, s)
		if !ok || p.Navigation || p.Type.Name == "Edm.Stream" || a.Delta {
			continue
		}
		if _, there := o[p.Name]; !there {
			c.fault(at, "%s was selected and is missing", p.Name)
		}
	}
	for key := range o {
		p, ok := c.m.property(declared, key)
		if ok && !p.Navigation && !strings.Contains(key, "@") && !asked[strings.ToLower(key)] {
			c.fault(at, "%s was not selected", key)
		}
	}
}

var errorDate = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$`)

// errorBody checks the documented shape of a refusal.
func (c *checker) errorBody(a Answer) {
	body, err := decode(a.Body)
	if err != nil {
		c.fault("$", "status %d without a JSON body: %v", a.Status, err)
		return
	}
	e, _ := body["error"].(map[string]any)
	code, _ := e["code"].(string)
	if _, text := e["message"].(string); code == "" || !text || len(body) != 1 {
		c.fault("$", "no error with code and message: %s", a.Body)
		return
	}
	for key := range e {
		if !slices.Contains([]string{"code", "message", "target", "details", "innerError"}, key) {
			c.fault("$.error", "unexpected member %s", key)
		}
	}
	inner, _ := e["innerError"].(map[string]any)
	date, _ := inner["date"].(string)
	if !errorDate.MatchString(date) || !primitive("Edm.Guid", inner["request-id"]) || inner["client-request-id"] == nil {
		c.fault("$.error.innerError", "not date, request-id and client-request-id: %v", inner)
	}
}

func decode(raw []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var out map[string]any
	err := d.Decode(&out)
	return out, err
}
