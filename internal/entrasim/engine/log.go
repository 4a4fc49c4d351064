package engine

import (
	"iter"
	"time"
)

// LogRow is microsoft.graph.provisioningObjectSummary. Rows are never changed once written: share, do not edit.
type LogRow struct {
	ID                     string              `json:"id"`
	ActivityDateTime       time.Time           `json:"activityDateTime"`
	TenantID               string              `json:"tenantId"`
	JobID                  string              `json:"jobId"`
	CycleID                string              `json:"cycleId"`
	ChangeID               string              `json:"changeId"`
	ProvisioningAction     string              `json:"provisioningAction"` // create | update | delete | stagedDelete | disable | other
	DurationInMilliseconds int32               `json:"durationInMilliseconds"`
	InitiatedBy            Initiator           `json:"initiatedBy"`
	ServicePrincipal       Identity            `json:"servicePrincipal"`
	SourceSystem           System              `json:"sourceSystem"`
	TargetSystem           System              `json:"targetSystem"`
	SourceIdentity         ProvisionedIdentity `json:"sourceIdentity"`
	TargetIdentity         ProvisionedIdentity `json:"targetIdentity"`
	ProvisioningStatusInfo StatusInfo          `json:"provisioningStatusInfo"`
	ProvisioningSteps      []Step              `json:"provisioningSteps"`
	ModifiedProperties     []ModifiedProperty  `json:"modifiedProperties"`
}

// Identity is microsoft.graph.identity.
type Identity struct {
	ID          string `json:"id"`
	DisplayName string `json:"displayName"`
}

// Initiator is microsoft.graph.initiator; the engine is always the system.
type Initiator struct {
	ID            string `json:"id"`
	DisplayName   string `json:"displayName"`
	InitiatorType string `json:"initiatorType"`
}

// System is microsoft.graph.provisioningSystem.
type System struct {
	ID          string            `json:"id"`
	DisplayName string            `json:"displayName"`
	Details     map[string]string `json:"details"`
}

// ProvisionedIdentity is microsoft.graph.provisionedIdentity.
type ProvisionedIdentity struct {
	ID           string            `json:"id"`
	DisplayName  string            `json:"displayName"`
	IdentityType string            `json:"identityType"`
	Details      map[string]string `json:"details"`
}

// StatusInfo is microsoft.graph.provisioningStatusInfo.
type StatusInfo struct {
	Status           string     `json:"status"` // success | failure | skipped | warning
	ErrorInformation *ErrorInfo `json:"errorInformation"`
}

// ErrorInfo is microsoft.graph.provisioningErrorInfo.
type ErrorInfo struct {
	ErrorCode         string  `json:"errorCode"`
	Reason            string  `json:"reason"`
	AdditionalDetails *string `json:"additionalDetails"`
	ErrorCategory     string  `json:"errorCategory"` // failure | nonServiceFailure | success
	RecommendedAction *string `json:"recommendedAction"`
}

// Step is microsoft.graph.provisioningStep.
type Step struct {
	Name                 string            `json:"name"`
	ProvisioningStepType string            `json:"provisioningStepType"`
	Status               string            `json:"status"`
	Description          string            `json:"description"`
	Details              map[string]string `json:"details"`
}

// ModifiedProperty is microsoft.graph.modifiedProperty; nil is null.
type ModifiedProperty struct {
	DisplayName string  `json:"displayName"`
	OldValue    *string `json:"oldValue"`
	NewValue    *string `json:"newValue"`
}

// tenantLog is the provisioning log of one source tenant, oldest first.
type tenantLog struct{ rows []*LogRow }

// Logs yields the rows a reader of the source tenant's log sees now, newest first. The set is fixed when the
// iteration begins.
func (e *Engine) Logs(tenantID string) iter.Seq[*LogRow] {
	return func(yield func(*LogRow) bool) {
		now := e.cfg.Clock.Now()
		oldest, newest := now.Add(-e.cfg.LogRetention), now.Add(-e.sw.LogIngestionDelay)
		e.mu.Lock()
		var rows []*LogRow
		if l := e.logs[tenantID]; l != nil {
			rows = l.rows
		}
		e.mu.Unlock()
		for i := len(rows) - 1; i >= 0; i-- {
			r := rows[i]
			if r.ActivityDateTime.After(newest) || r.ActivityDateTime.Before(oldest) {
				continue
			}
			if !yield(r) {
				return
			}
		}
	}
}

// record appends rows and drops what is past retention or over the limit.
func (e *Engine) record(tenantID string, rows []*LogRow) {
	if len(rows) == 0 {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	l := e.logs[tenantID]
	if l == nil {
		l = &tenantLog{}
		e.logs[tenantID] = l
	}
	l.rows = append(l.rows, rows...)
	oldest := rows[0].ActivityDateTime.Add(-e.cfg.LogRetention)
	cut := max(0, len(l.rows)-e.cfg.LogLimit)
	for cut < len(l.rows) && l.rows[cut].ActivityDateTime.Before(oldest) {
		cut++
	}
	if cut > len(l.rows)/2 || cut > 100_000 {
		l.rows = append([]*LogRow(nil), l.rows[cut:]...)
	} else {
		l.rows = l.rows[cut:]
	}
}

// Notification is a mail the engine would have sent: one per quarantine, another only when the reason changes.
type Notification struct {
	At         time.Time `json:"at"`
	TenantID   string    `json:"tenantId"`
	JobID      string    `json:"jobId"`
	Reason     string    `json:"reason"`
	Recipients string    `json:"recipients"`
}

// Notifications lists the mails of a source tenant, oldest first.
func (e *Engine) Notifications(tenantID string) []Notification {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := []Notification{}
	for _, n := range e.notes {
		if n.TenantID == tenantID {
			out = append(out, n)
		}
	}
	return out
}
