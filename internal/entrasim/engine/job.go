package engine

import (
	"strings"
	"sync"
	"time"
)

// job is one synchronization job. Graph handlers read and write ctl only, so that they never wait for a
// running cycle; what a cycle works on is data, and a handler that wants it changed leaves a note in ctl.
type job struct {
	key principalKey
	id  string

	ctl control // guarded by Engine.mu

	work sync.Mutex // held while a cycle step, an on-demand call or a look at the links runs
	data data       // guarded by work
	run  *cycle     // guarded by work: a cycle that takes virtual time
}

// control is the part of a job its Graph face shows or sets.
type control struct {
	State        string // schedule.state
	NextDue      time.Time
	Status       Status
	Schema       schemaState `json:"-"`
	Reset        resetScope  // taken over by the next cycle
	StopAfterRun bool        // paused while a cycle that takes time was running
	Deleted      bool
	NotifiedFor  string // quarantine reason that was last mailed
}

const (
	stateActive   = "Active"
	statePaused   = "Paused"
	stateDisabled = "Disabled"

	codeActive      = "Active"
	codePaused      = "Paused"
	codeNotRun      = "NotRun"
	codeQuarantined = "Quarantine"
)

// CreateJob makes a job from a template: schedule Disabled, status Paused, no execution yet, which is the
// documented answer of POST jobs.
func (e *Engine) CreateJob(tenantID, spID, templateID string) (Job, error) {
	if templateID != TemplateID {
		return Job{}, badRequest("The template '%s' is not supported by this application.", templateID)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	id := TemplateID + "." + noDashes(tenantID) + "." + e.newID()
	j := &job{key: principalKey{tenantID, spID}, id: id, data: newData()}
	schema, err := parseSchema(defaultSchema(id))
	if err != nil {
		return Job{}, err
	}
	j.ctl = control{State: stateDisabled, Schema: schema,
		Status: Status{Code: codePaused, Progress: []Progress{}, SynchronizedEntryCountByType: []KeyCount{}}}
	if e.sw.NewJobNotRun {
		j.ctl.Status.Code, j.ctl.Status.LastExecution = codeNotRun, neverRun()
	}
	e.principal(tenantID, spID).jobs[id] = j
	return j.wire(), nil
}

// Jobs lists the jobs of a service principal by id.
func (e *Engine) Jobs(tenantID, spID string) []Job {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := []Job{}
	if p := e.principals[principalKey{tenantID, spID}]; p != nil {
		for _, id := range sortedKeys(p.jobs) {
			out = append(out, p.jobs[id].wire())
		}
	}
	return out
}

// Job returns one job.
func (e *Engine) Job(tenantID, spID, jobID string) (Job, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	j, err := e.find(tenantID, spID, jobID)
	if err != nil {
		return Job{}, err
	}
	return j.wire(), nil
}

// DeleteJob removes a job and its links; target users stay.
func (e *Engine) DeleteJob(tenantID, spID, jobID string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	j, err := e.find(tenantID, spID, jobID)
	if err != nil {
		return err
	}
	j.ctl.Deleted, j.ctl.NextDue = true, time.Time{}
	delete(e.principals[j.key].jobs, jobID)
	return nil
}

// wire renders the job. The caller holds Engine.mu.
func (j *job) wire() Job {
	s := j.ctl.Status
	s.Progress = append([]Progress{}, s.Progress...)
	s.SynchronizedEntryCountByType = append([]KeyCount{}, s.SynchronizedEntryCountByType...)
	if q := s.Quarantine; q != nil {
		c := *q
		s.Quarantine = &c
	}
	return Job{
		ID: j.id, TemplateID: TemplateID,
		Schedule: Schedule{Interval: "PT40M", State: j.ctl.State},
		Status:   s,
		Settings: []NameValue{{"AzureIngestionAttributeOptimization", "False"}, {"LookaheadQueryEnabled", "False"}},
	}
}

// Start resumes from the watermark and clears quarantine. On a running job it changes nothing.
func (e *Engine) Start(tenantID, spID, jobID string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	j, err := e.find(tenantID, spID, jobID)
	if err != nil {
		return err
	}
	if j.ctl.State == stateActive && j.ctl.Status.Quarantine == nil {
		return nil
	}
	j.clearQuarantine()
	e.activate(j)
	return nil
}

// activate schedules the job for now. The caller holds e.mu.
func (e *Engine) activate(j *job) {
	j.ctl.State, j.ctl.StopAfterRun = stateActive, false
	j.ctl.NextDue = e.cfg.Clock.Now()
	j.ctl.Status.EscrowsPruned = false
	if j.ctl.Status.Quarantine != nil {
		j.ctl.Status.Code = codeQuarantined
	} else if j.ctl.Status.SteadyStateFirstAchievedTime.IsZero() {
		j.ctl.Status.Code = codeNotRun
		if j.ctl.Status.LastExecution == nil {
			j.ctl.Status.LastExecution = neverRun()
		}
		if j.ctl.Status.TroubleshootingURL == nil {
			j.ctl.Status.TroubleshootingURL = new(string)
		}
	} else {
		j.ctl.Status.Code = codeActive
	}
	e.stir()
}

// Pause stops further cycles and keeps the state; a cycle that is running finishes.
func (e *Engine) Pause(tenantID, spID, jobID string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	j, err := e.find(tenantID, spID, jobID)
	if err != nil {
		return err
	}
	j.ctl.State, j.ctl.Status.Code = statePaused, codePaused
	if len(j.ctl.Status.Progress) > 0 {
		j.ctl.StopAfterRun = true
		return nil
	}
	j.ctl.NextDue = time.Time{}
	return nil
}

// resetScope is microsoft.graph.synchronizationJobRestartScope, a set of flags.
type resetScope int

const (
	resetConnector  resetScope = 1
	resetEscrows    resetScope = 2
	resetWatermark  resetScope = 4
	resetQuarantine resetScope = 8
	resetFull       resetScope = 15
	forceDeletes    resetScope = 32
)

var resetNames = map[string]resetScope{
	"none": 0, "connectordatastore": resetConnector, "escrows": resetEscrows, "watermark": resetWatermark,
	"quarantinestate": resetQuarantine, "full": resetFull, "forcedeletes": forceDeletes,
}

// parseResetScope reads the comma list of criteria.resetScope; empty is the portal's "Restart provisioning".
func parseResetScope(s string) (resetScope, error) {
	if strings.TrimSpace(s) == "" {
		return resetWatermark | resetEscrows | resetQuarantine, nil
	}
	var scope resetScope
	for _, name := range strings.Split(s, ",") {
		bit, ok := resetNames[strings.ToLower(strings.TrimSpace(name))]
		if !ok {
			return 0, badRequest("Invalid value specified for property 'resetScope' of resource 'synchronizationJobRestartCriteria'.")
		}
		scope |= bit
	}
	return scope, nil
}

// Restart applies a reset scope and schedules a cycle for now. Links survive unless the scope holds
// ConnectorDataStore (part of Full); ForceDeletes approves staged deletes for one cycle.
func (e *Engine) Restart(tenantID, spID, jobID, scope string) error {
	bits, err := parseResetScope(scope)
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	j, err := e.find(tenantID, spID, jobID)
	if err != nil {
		return err
	}
	if bits == 0 {
		return nil
	}
	if e.sw.FullForcesDeletes && bits&resetFull == resetFull {
		bits |= forceDeletes
	}
	j.ctl.Reset |= bits
	if bits&(resetQuarantine|forceDeletes) != 0 {
		j.clearQuarantine()
	}
	e.activate(j)
	return nil
}
