package graph

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/microsoftgraph/msgraph-sdk-go/auditlogs"
)

// ProvisioningQuery selects rows of the provisioning log. Empty members do not restrict.
type ProvisioningQuery struct {
	JobID        string
	Since, Until time.Time // both exclusive: the log filters with gt and lt only
	Top          int       // at most so many rows, newest first; 0 means all
}

// ProvisioningRow is one row of the provisioning log without names: who it was is in the ids.
type ProvisioningRow struct {
	ID        string
	At        time.Time
	Action    string // create | update | delete | stageddelete | disable | other
	Status    string // success | failure | skipped | warning
	SourceID  string
	TargetID  string
	JobID     string
	CycleID   string
	ErrorCode string
	Reason    string // scrubbed
	// WasType and IsType tell of a changed userType; empty when it did not change. Other changes are not kept:
	// they are people's data.
	WasType, IsType string
}

type wireProvisioning struct {
	ID      string    `json:"id"`
	At      time.Time `json:"activityDateTime"`
	Action  string    `json:"provisioningAction"`
	JobID   string    `json:"jobId"`
	CycleID string    `json:"cycleId"`
	Source  *wireID   `json:"sourceIdentity"`
	Target  *wireID   `json:"targetIdentity"`
	Outcome *struct {
		Status string `json:"status"`
		Error  *struct {
			Code   string `json:"errorCode"`
			Reason string `json:"reason"`
		} `json:"errorInformation"`
	} `json:"provisioningStatusInfo"`
	Modified []struct {
		Name  string `json:"displayName"`
		Value string `json:"newValue"`
		Old   string `json:"oldValue"`
	} `json:"modifiedProperties"`
}

type wireID struct {
	ID string `json:"id"`
}

func (w *wireProvisioning) row() ProvisioningRow {
	row := ProvisioningRow{ID: w.ID, At: w.At, Action: strings.ToLower(w.Action), JobID: w.JobID, CycleID: w.CycleID}
	if w.Source != nil {
		row.SourceID = w.Source.ID
	}
	if w.Target != nil {
		row.TargetID = w.Target.ID
	}
	for _, m := range w.Modified {
		if strings.EqualFold(m.Name, "userType") {
			row.WasType, row.IsType = m.Old, m.Value
		}
	}
	if w.Outcome != nil {
		row.Status = strings.ToLower(w.Outcome.Status)
		if w.Outcome.Error != nil {
			row.ErrorCode, row.Reason = w.Outcome.Error.Code, Scrub(w.Outcome.Error.Reason)
		}
	}
	return row
}

// maxLogPage is the largest page of the log (learn.microsoft.com/graph/api/provisioningobjectsummary-list).
const maxLogPage = 500

var errEnough = errors.New("enough rows")

// ProvisioningLog reads rows of the provisioning log, newest first. Rows appear with a delay and live 30 days
// (7 without a premium licence): a missing row proves nothing.
//
// GET /auditLogs/provisioning · ProvisioningLog.Read.All or AuditLog.Read.All · reports: 5 in 10 s ·
// learn.microsoft.com/graph/api/provisioningobjectsummary-list, checked 2026-11. Filters are case-sensitive.
func (c *Client) ProvisioningLog(ctx context.Context, q ProvisioningQuery) ([]ProvisioningRow, error) {
	r := c.begin(ctx, opProvisioningLog)
	var terms []string
	if q.JobID != "" {
		terms = append(terms, "jobId eq "+quote(q.JobID))
	}
	if !q.Since.IsZero() {
		terms = append(terms, "activityDateTime gt "+logTime(q.Since))
	}
	if !q.Until.IsZero() {
		terms = append(terms, "activityDateTime lt "+logTime(q.Until))
	}
	top := int32(maxLogPage)
	if q.Top > 0 && q.Top < maxLogPage {
		top = int32(q.Top)
	}
	query := &auditlogs.ProvisioningRequestBuilderGetQueryParameters{Top: &top, Orderby: []string{"activityDateTime desc"}}
	if len(terms) > 0 {
		query.Filter = ptr(strings.Join(terms, " and "))
	}
	info, err := c.sdk.AuditLogs().Provisioning().ToGetRequestInformation(r.ctx, &auditlogs.ProvisioningRequestBuilderGetRequestConfiguration{QueryParameters: query})
	var rows []ProvisioningRow
	_, err = pages(r, func(items []wireProvisioning) error {
		for i := range items {
			if q.Top > 0 && len(rows) == q.Top {
				return errEnough
			}
			rows = append(rows, items[i].row())
		}
		if q.Top > 0 && len(rows) == q.Top {
			return errEnough
		}
		return nil
	}, info, err)
	if err != nil && !errors.Is(err, errEnough) {
		return nil, err
	}
	return rows, nil
}

func logTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
