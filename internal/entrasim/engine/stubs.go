package engine

import (
	"encoding/json"
	"errors"
	"time"
)

type schemaState struct{ Raw json.RawMessage }
type data struct{}
type cycle struct{}

func newData() data                                        { return data{} }
func defaultSchema(string) json.RawMessage                 { return json.RawMessage("{}") }
func parseSchema(raw json.RawMessage) (schemaState, error) { return schemaState{raw}, nil }
func (e *Engine) step(j *job, at time.Time)                {}
func (j *job) clearQuarantine()                            { j.ctl.Status.Quarantine = nil }
func DefaultSwitches() Switches                            { return Switches{} }

// SwitchList lists every switch.
func (e *Engine) SwitchList() []SwitchInfo { return nil }

var errTodo = errors.New("not yet")

func (e *Engine) Schema(tenantID, spID, jobID string) (json.RawMessage, error)      { return nil, errTodo }
func (e *Engine) SetSchema(tenantID, spID, jobID string, raw json.RawMessage) error { return errTodo }
func (e *Engine) ResetSchema(tenantID, spID, jobID string) error                    { return errTodo }
func (e *Engine) Directories(tenantID, spID, jobID string) ([]json.RawMessage, error) {
	return nil, errTodo
}
func Templates() []json.RawMessage     { return nil }
func FilterOperators() json.RawMessage { return nil }
func Functions() json.RawMessage       { return nil }

// OnDemandRequest is the body of provisionOnDemand.
type OnDemandRequest struct {
	Parameters []OnDemandParameter `json:"parameters"`
}

// OnDemandParameter is microsoft.graph.synchronizationJobApplicationParameters.
type OnDemandParameter struct {
	RuleID   string            `json:"ruleId"`
	Subjects []OnDemandSubject `json:"subjects"`
}

// OnDemandSubject is microsoft.graph.synchronizationJobSubject.
type OnDemandSubject struct {
	ObjectID       string `json:"objectId"`
	ObjectTypeName string `json:"objectTypeName"`
}

func (e *Engine) ProvisionOnDemand(tenantID, spID, jobID string, req OnDemandRequest) (KeyValue, error) {
	return KeyValue{}, errTodo
}

// ObjectConnection is the beta resource of the same name.
type ObjectConnection struct {
	ObjectID       string `json:"objectId"`
	SourceAnchor   string `json:"sourceAnchor"`
	TargetAnchor   string `json:"targetAnchor"`
	DisplayName    string `json:"displayName"`
	ObjectTypeName string `json:"objectTypeName"`
}

func (e *Engine) ObjectConnections(tenantID, spID, jobID string) error { return errTodo }
func (e *Engine) ObjectConnection(tenantID, spID, jobID, objectID string) (ObjectConnection, error) {
	return ObjectConnection{}, errTodo
}
func (e *Engine) DeleteObjectConnection(tenantID, spID, jobID, objectID string) error { return errTodo }
func (e *Engine) Snapshot() (json.RawMessage, error)                                  { return nil, errTodo }
func (e *Engine) Restore(json.RawMessage) error                                       { return errTodo }
