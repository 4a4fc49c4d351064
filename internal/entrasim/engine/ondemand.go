package engine

import (
	"encoding/json"
	"strings"
	"time"
)

// OnDemandRequest is the body of provisionOnDemand.
type OnDemandRequest struct {
	Parameters []OnDemandParameter `json:"parameters"`
}

// OnDemandParameter is microsoft.graph.synchronizationJobApplicationParameters.
type OnDemandParameter struct {
	RuleID   string            `json:"ruleId"`
	Subjects []OnDemandSubject `json:"subjects"`
}

// OnDemandSubject is microsoft.graph.synchronizationJobSubject without the links that only groups have.
type OnDemandSubject struct {
	ObjectID       string `json:"objectId"`
	ObjectTypeName string `json:"objectTypeName"`
}

const onDemandKey = "Microsoft.Identity.Health.CPP.Common.DataContracts.SyncFabric.StatusInfo"

// maxSubjects bounds one call; the portal sends one.
const maxSubjects = 5

// ProvisionOnDemand processes users at once, whatever the job's state: a paused job will do. It can deprovision
// an unassigned user, does nothing for one that is disabled or deleted in the source, and never restores. The
// answer is the documented key and value, the value being JSON text. The rate limit is the caller's.
func (e *Engine) ProvisionOnDemand(tenantID, spID, jobID string, req OnDemandRequest) (KeyValue, error) {
	e.mu.Lock()
	j, err := e.find(tenantID, spID, jobID)
	var rule string
	if err == nil {
		rule = j.ctl.Schema.Rule
	}
	e.mu.Unlock()
	if err != nil {
		return KeyValue{}, err
	}
	subjects, err := req.subjects(rule)
	if err != nil {
		return KeyValue{}, err
	}
	j.work.Lock()
	defer j.work.Unlock()
	c := e.begin(j, e.cfg.Clock.Now(), true)
	if c == nil {
		return KeyValue{}, notFound("Resource", jobID)
	}
	if c.fatal != nil {
		return KeyValue{}, &Error{400, c.fatal.code, c.fatal.message}
	}
	for _, s := range subjects {
		if err := c.demand(s); err != nil {
			return KeyValue{}, err
		}
	}
	rows := c.rows
	c.references()
	c.flush()
	return e.onDemandAnswer(rows)
}

func (r *OnDemandRequest) subjects(rule string) ([]OnDemandSubject, error) {
	var out []OnDemandSubject
	for _, p := range r.Parameters {
		if p.RuleID != rule {
			return nil, badRequest("The synchronization rule '%s' does not exist.", p.RuleID)
		}
		out = append(out, p.Subjects...)
	}
	if len(out) == 0 || len(out) > maxSubjects {
		return nil, badRequest("Provision on demand takes 1 to %d subjects, not %d.", maxSubjects, len(out))
	}
	return out, nil
}

func (c *cycle) demand(s OnDemandSubject) error {
	if !strings.EqualFold(s.ObjectTypeName, "User") {
		return badRequest("Objects of type '%s' are not supported: EntityTypeNotSupported.", s.ObjectTypeName)
	}
	if u, ok := c.src.DeletedUser(s.ObjectID); ok {
		v := c.evaluate(&u)
		v.active = false
		c.skip(&u, &v, "NotEffectivelyEntitled", "A user that is deleted in the source cannot be provisioned on demand.")
		return nil
	}
	u, ok := c.src.User(s.ObjectID)
	if !ok {
		return notFound("Resource", s.ObjectID)
	}
	if !u.AccountEnabled {
		v := c.evaluate(&u)
		c.skip(&u, &v, "NotEffectivelyEntitled", "A user that is disabled in the source cannot be provisioned on demand.")
		return nil
	}
	c.one(s.ObjectID)
	return nil
}

// onDemandStep and onDemandEntry are the log row in the words of the on-demand answer.
type onDemandStep struct {
	Name        string            `json:"name"`
	Type        string            `json:"type"`
	Status      string            `json:"status"`
	Description string            `json:"description"`
	Timestamp   time.Time         `json:"timestamp"`
	Details     map[string]string `json:"details"`
}

type onDemandEntry struct {
	Action               string             `json:"action"`
	ChangeID             string             `json:"changeId"`
	StartTime            time.Time          `json:"startTime"`
	EndTime              time.Time          `json:"endTime"`
	ModifiedProperties   []ModifiedProperty `json:"modifiedProperties"`
	ProvisioningSteps    []onDemandStep     `json:"provisioningSteps"`
	ReportableIdentifier string             `json:"reportableIdentifier"`
	StatusInfo           onDemandStatus     `json:"statusInfo"`
	SourceIdentity       onDemandIdentity   `json:"sourceIdentity"`
	SourceSystem         onDemandSystem     `json:"sourceSystem"`
	TargetIdentity       onDemandIdentity   `json:"targetIdentity"`
	TargetSystem         onDemandSystem     `json:"targetSystem"`
}

type onDemandStatus struct {
	Status            string  `json:"status"`
	ErrorCode         *string `json:"errorCode"`
	Reason            *string `json:"reason"`
	AdditionalDetails *string `json:"additionalDetails"`
	ErrorCategory     *string `json:"errorCategory"`
	RecommendedAction *string `json:"recommendedAction"`
}

type onDemandIdentity struct {
	ID          string            `json:"id"`
	Type        string            `json:"type"`
	DisplayName string            `json:"displayName"`
	Details     map[string]string `json:"details"`
}

type onDemandSystem struct {
	ID      string            `json:"id"`
	Name    string            `json:"name"`
	Details map[string]string `json:"details"`
}

func title(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func onDemandOf(r *LogRow) onDemandEntry {
	end := r.ActivityDateTime.Add(time.Duration(r.DurationInMilliseconds) * time.Millisecond)
	x := onDemandEntry{
		Action: title(r.ProvisioningAction), ChangeID: r.ChangeID, StartTime: r.ActivityDateTime, EndTime: end,
		ModifiedProperties: r.ModifiedProperties, ReportableIdentifier: r.SourceIdentity.Details["UserPrincipalName"],
		StatusInfo:     onDemandStatus{Status: title(r.ProvisioningStatusInfo.Status)},
		SourceIdentity: onDemandIdentity{r.SourceIdentity.ID, "User", r.SourceIdentity.DisplayName, r.SourceIdentity.Details},
		SourceSystem:   onDemandSystem{r.SourceSystem.ID, r.SourceSystem.DisplayName, r.SourceSystem.Details},
		TargetIdentity: onDemandIdentity{r.TargetIdentity.ID, "User", r.TargetIdentity.DisplayName, r.TargetIdentity.Details},
		TargetSystem:   onDemandSystem{r.TargetSystem.ID, r.TargetSystem.DisplayName, r.TargetSystem.Details},
	}
	if i := r.ProvisioningStatusInfo.ErrorInformation; i != nil && r.ProvisioningStatusInfo.Status == "failure" {
		category := title(i.ErrorCategory)
		x.StatusInfo.ErrorCode, x.StatusInfo.Reason, x.StatusInfo.ErrorCategory = &i.ErrorCode, &i.Reason, &category
	}
	for _, s := range r.ProvisioningSteps {
		x.ProvisioningSteps = append(x.ProvisioningSteps,
			onDemandStep{s.Name, title(s.ProvisioningStepType), title(s.Status), s.Description, r.ActivityDateTime, s.Details})
	}
	return x
}

// onDemandAnswer has two documented forms: the cross-tenant page's array with a type name as key, and the API
// page's object with the result as key.
func (e *Engine) onDemandAnswer(rows []*LogRow) (KeyValue, error) {
	entries := []onDemandEntry{}
	for _, r := range rows {
		entries = append(entries, onDemandOf(r))
	}
	if !e.sw.OnDemandObjectForm || len(rows) == 0 {
		value, err := json.Marshal(entries)
		return KeyValue{onDemandKey, string(value)}, err
	}
	details := object{}
	info := rows[0].ProvisioningStatusInfo
	if info.ErrorInformation != nil {
		details = object{"errorCode": info.ErrorInformation.ErrorCode, "errorMessage": info.ErrorInformation.Reason}
	}
	key, err := json.Marshal(object{"result": title(info.Status), "details": details})
	if err != nil {
		return KeyValue{}, err
	}
	value, err := json.Marshal(entries[0])
	return KeyValue{string(key), string(value)}, err
}
