package graph

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	abs "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/serviceprincipals"

	ours "entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/problem"
)

// SyncJobTemplate is the template of a cross-tenant synchronization job.
const SyncJobTemplate = "Azure2Azure"

// Values of a job's status code and schedule state (learn.microsoft.com/graph/api/resources/synchronization-synchronizationstatus).
const (
	CodeNotConfigured = "NotConfigured"
	CodeNotRun        = "NotRun"
	CodeActive        = "Active"
	CodePaused        = "Paused"
	CodeQuarantine    = "Quarantine"
)

// Reset scopes of RestartJob; several are joined by a comma.
const (
	ResetDefault      = "" // watermark, escrows and quarantine: what the portal's button does; links are kept
	ResetEscrows      = "Escrows"
	ResetWatermark    = "Watermark"
	ResetQuarantine   = "QuarantineState"
	ResetForceDeletes = "ForceDeletes" // lets the deletions happen that a threshold held back
)

// JobStatus is how a job is doing. Zero times mean never.
type JobStatus struct {
	ours.SyncJob            // id, code, state and quarantine; the schema is not read
	NextAttempt             time.Time
	EscrowsPruned           bool
	LastState               string // Succeeded | Failed | EntryLevelErrors; "" before the first cycle ended
	LastBegan, LastEnded    time.Time
	LastCode                string // the last cycle's error code; "" for none
	Exported, Escrowed      int64  // of the last cycle
	SteadyAt                time.Time
	SuccessiveFailures      int64
	PagesDone, PagesPlanned int64 // pages, not users
}

type wireError struct {
	Code string `json:"code"`
}

type wireJob struct {
	ID         string `json:"id"`
	TemplateID string `json:"templateId"`
	Schedule   struct {
		State string `json:"state"`
	} `json:"schedule"`
	Status struct {
		Code          string   `json:"code"`
		Failures      int64    `json:"countSuccessiveCompleteFailures"`
		EscrowsPruned bool     `json:"escrowsPruned"`
		Steady        wireTime `json:"steadyStateLastAchievedTime"`
		Quarantine    *struct {
			Reason       string     `json:"reason"`
			CurrentBegan wireTime   `json:"currentBegan"`
			SeriesBegan  wireTime   `json:"seriesBegan"`
			NextAttempt  wireTime   `json:"nextAttempt"`
			Error        *wireError `json:"error"`
		} `json:"quarantine"`
		Last *struct {
			State    string     `json:"state"`
			Began    wireTime   `json:"timeBegan"`
			Ended    wireTime   `json:"timeEnded"`
			Exported int64      `json:"countExported"`
			Escrowed int64      `json:"countEscrowed"`
			Error    *wireError `json:"error"`
		} `json:"lastExecution"`
		Progress []struct {
			Done  int64 `json:"completedUnits"`
			Total int64 `json:"totalUnits"`
		} `json:"progress"`
	} `json:"status"`
}

// wireTime reads a time leniently: "", null and .NET's year 1 mean never; samples have all three.
type wireTime struct{ time.Time }

func (t *wireTime) UnmarshalJSON(raw []byte) error {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return nil
	}
	if at, err := time.Parse(time.RFC3339, s); err == nil && at.Year() > 1 {
		t.Time = at
	}
	return nil
}

func (w *wireJob) job() ours.SyncJob {
	j := ours.SyncJob{ID: w.ID, Code: w.Status.Code, State: w.Schedule.State}
	if q := w.Status.Quarantine; q != nil {
		j.QuarantineReason, j.QuarantinedAt = q.Reason, q.SeriesBegan.Time // "" and never in samples of healthy jobs
		if j.QuarantinedAt.IsZero() {
			j.QuarantinedAt = q.CurrentBegan.Time
		}
		if q.Error != nil {
			j.QuarantineCode = q.Error.Code
		}
	}
	return j
}

// status reads the whole. A job that never ran reports a last execution "Failed" with error "None" and no
// times; that is no failure and is left out.
func (w *wireJob) status() JobStatus {
	s := JobStatus{SyncJob: w.job(), EscrowsPruned: w.Status.EscrowsPruned, SteadyAt: w.Status.Steady.Time, SuccessiveFailures: w.Status.Failures}
	if q := w.Status.Quarantine; q != nil {
		s.NextAttempt = q.NextAttempt.Time
	}
	if last := w.Status.Last; last != nil && !last.Ended.IsZero() {
		s.LastState, s.LastBegan, s.LastEnded, s.Exported, s.Escrowed = last.State, last.Began.Time, last.Ended.Time, last.Exported, last.Escrowed
		if last.Error != nil && last.Error.Code != "None" {
			s.LastCode = last.Error.Code
		}
	}
	for _, p := range w.Status.Progress {
		s.PagesDone, s.PagesPlanned = s.PagesDone+p.Done, s.PagesPlanned+p.Total
	}
	return s
}

func (c *Client) synchronization(sp string) *serviceprincipals.ItemSynchronizationRequestBuilder {
	return c.sdk.ServicePrincipals().ByServicePrincipalId(sp).Synchronization()
}

// Jobs lists an application's jobs, without their schemas.
//
// GET …/synchronization/jobs · Synchronization.Read.All · synchronization class ·
// learn.microsoft.com/graph/api/synchronization-synchronization-list-jobs, checked 2026-11.
func (c *Client) Jobs(ctx context.Context, sp string) ([]ours.SyncJob, error) {
	r := c.begin(ctx, opJobs)
	info, err := c.synchronization(sp).Jobs().ToGetRequestInformation(r.ctx, nil)
	rows, err := all[wireJob](r, info, err)
	jobs := make([]ours.SyncJob, 0, len(rows))
	for i := range rows {
		jobs = append(jobs, rows[i].job())
	}
	return jobs, err
}

// JobStatus reads one job.
//
// GET …/synchronization/jobs/{id} · Synchronization.Read.All · synchronization class ·
// learn.microsoft.com/graph/api/synchronization-synchronizationjob-get, checked 2026-11.
func (c *Client) JobStatus(ctx context.Context, sp, job string) (JobStatus, error) {
	r := c.begin(ctx, opJob)
	raw, err := r.send(c.synchronization(sp).Jobs().BySynchronizationJobId(job).ToGetRequestInformation(r.ctx, nil))
	if err != nil {
		return JobStatus{}, err
	}
	var w wireJob
	if err := r.decode(raw, &w); err != nil {
		return JobStatus{}, err
	}
	return w.status(), nil
}

// ValidateCredentials asks the synchronization service whether both sides allow a synchronization to the
// target. Rejected names the side that does not; policy changes take minutes to be seen.
//
// POST …/synchronization/jobs/validateCredentials · Synchronization.ReadWrite.All · synchronization class ·
// learn.microsoft.com/graph/api/synchronization-synchronizationjob-validatecredentials, checked 2026-11.
func (c *Client) ValidateCredentials(ctx context.Context, sp, targetTenantID string) error {
	op := opValidate
	r := c.begin(ctx, op)
	body := serviceprincipals.NewItemSynchronizationJobsValidateCredentialsPostRequestBody()
	body.SetUseSavedCredentials(ptr(false))
	body.SetTemplateId(ptr(SyncJobTemplate))
	body.SetCredentials([]models.SynchronizationSecretKeyStringValuePairable{
		secretPair(models.COMPANYID_SYNCHRONIZATIONSECRET, targetTenantID),
		secretPair(models.AUTHENTICATIONTYPE_SYNCHRONIZATIONSECRET, "SyncPolicy"),
	})
	return r.do(c.synchronization(sp).Jobs().ValidateCredentials().ToPostRequestInformation(r.ctx, body, nil))
}

// CreateJob makes the synchronization job; it does not start it. It is not idempotent: list the jobs first,
// and after an Ambiguous answer.
//
// POST …/synchronization/jobs · Synchronization.ReadWrite.All · synchronization class ·
// learn.microsoft.com/graph/api/synchronization-synchronization-post-jobs, checked 2026-11.
func (c *Client) CreateJob(ctx context.Context, sp string) (ours.SyncJob, error) {
	r := c.begin(ctx, opCreateJob)
	body := models.NewSynchronizationJob()
	body.SetTemplateId(ptr(SyncJobTemplate))
	raw, err := r.send(c.synchronization(sp).Jobs().ToPostRequestInformation(r.ctx, body, nil))
	if err != nil {
		return ours.SyncJob{}, err
	}
	var w wireJob
	if err := r.decode(raw, &w); err != nil || w.ID == "" {
		return ours.SyncJob{}, r.problem(problem.Ambiguous, "the job was created but the answer does not name it", "the application's jobs are listed")
	}
	return w.job(), nil
}

// DeleteJob removes a job. Users in the target stay.
//
// DELETE …/synchronization/jobs/{id} · Synchronization.ReadWrite.All · synchronization class ·
// learn.microsoft.com/graph/api/synchronization-synchronizationjob-delete, checked 2026-11.
func (c *Client) DeleteJob(ctx context.Context, sp, job string) error {
	r := c.begin(ctx, opDeleteJob)
	return r.do(c.synchronization(sp).Jobs().BySynchronizationJobId(job).ToDeleteRequestInformation(r.ctx, nil))
}

// StartJob starts a paused or quarantined job. Never call it on a running one: repeated starts can stop the
// service. Read the status first.
//
// POST …/synchronization/jobs/{id}/start · Synchronization.ReadWrite.All · synchronization class ·
// learn.microsoft.com/graph/api/synchronization-synchronizationjob-start, checked 2026-11.
func (c *Client) StartJob(ctx context.Context, sp, job string) error {
	r := c.begin(ctx, opStartJob)
	return r.do(c.synchronization(sp).Jobs().BySynchronizationJobId(job).Start().ToPostRequestInformation(r.ctx, nil))
}

// PauseJob stops a job after its running cycle; its watermark is kept. It is safe to repeat.
//
// POST …/synchronization/jobs/{id}/pause · Synchronization.ReadWrite.All · synchronization class ·
// learn.microsoft.com/graph/api/synchronization-synchronizationjob-pause, checked 2026-11.
func (c *Client) PauseJob(ctx context.Context, sp, job string) error {
	r := c.begin(ctx, opPauseJob)
	return r.do(c.synchronization(sp).Jobs().BySynchronizationJobId(job).Pause().ToPostRequestInformation(r.ctx, nil))
}

// RestartJob restarts a job with reset scopes. None and ConnectorDataStore are documented as not to be used,
// and Full breaks the links to the users in the target and may release held back deletions: none is sent.
//
// POST …/synchronization/jobs/{id}/restart · Synchronization.ReadWrite.All · synchronization class ·
// learn.microsoft.com/graph/api/synchronization-synchronizationjob-restart, checked 2026-11. Raw: the SDK's flags
// are numbered unlike the service's, and only strings are meant to travel.
func (c *Client) RestartJob(ctx context.Context, sp, job, scope string) error {
	r := c.begin(ctx, opRestartJob)
	for part := range strings.SplitSeq(scope, ",") {
		switch strings.TrimSpace(part) {
		case ResetDefault, ResetEscrows, ResetWatermark, ResetQuarantine, ResetForceDeletes:
		default:
			return r.problem(problem.Invalid, fmt.Sprintf("the reset scope %q is not one that we send", scope), "")
		}
	}
	return r.do(r.raw(abs.POST, "/servicePrincipals/{sp}/synchronization/jobs/{job}/restart",
		map[string]string{"sp": sp, "job": job}, map[string]any{"criteria": map[string]string{"resetScope": scope}}))
}
