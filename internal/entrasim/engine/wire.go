package engine

import "time"

// Job is microsoft.graph.synchronizationJob as GET answers it (without @odata.context).
type Job struct {
	ID         string      `json:"id"`
	TemplateID string      `json:"templateId"`
	Schedule   Schedule    `json:"schedule"`
	Status     Status      `json:"status"`
	Settings   []NameValue `json:"synchronizationJobSettings"`
}

// Schedule is microsoft.graph.synchronizationSchedule. Interval is always PT40M: it is documented as fixed, so a
// configured CycleLength changes the pace and not the wire.
type Schedule struct {
	Expiration *time.Time `json:"expiration"`
	Interval   string     `json:"interval"`
	State      string     `json:"state"` // Active | Disabled | Paused
}

// Status is microsoft.graph.synchronizationStatus.
type Status struct {
	Code                               string      `json:"code"` // NotConfigured | NotRun | Active | Paused | Quarantine
	CountSuccessiveCompleteFailures    int64       `json:"countSuccessiveCompleteFailures"`
	EscrowsPruned                      bool        `json:"escrowsPruned"`
	LastExecution                      *Execution  `json:"lastExecution"`
	LastSuccessfulExecution            *Execution  `json:"lastSuccessfulExecution"`
	LastSuccessfulExecutionWithExports *Execution  `json:"lastSuccessfulExecutionWithExports"`
	Progress                           []Progress  `json:"progress"`
	Quarantine                         *Quarantine `json:"quarantine"`
	SteadyStateFirstAchievedTime       time.Time   `json:"steadyStateFirstAchievedTime"`
	SteadyStateLastAchievedTime        time.Time   `json:"steadyStateLastAchievedTime"`
	SynchronizedEntryCountByType       []KeyCount  `json:"synchronizedEntryCountByType"`
	TroubleshootingURL                 *string     `json:"troubleshootingUrl"`
}

// Execution is microsoft.graph.synchronizationTaskExecution.
type Execution struct {
	ActivityIdentifier           *string   `json:"activityIdentifier"`
	CountEntitled                int64     `json:"countEntitled"`
	CountEntitledForProvisioning int64     `json:"countEntitledForProvisioning"`
	CountEscrowed                int64     `json:"countEscrowed"`
	CountEscrowedRaw             int64     `json:"countEscrowedRaw"`
	CountExported                int64     `json:"countExported"`
	CountExports                 int64     `json:"countExports"`
	CountImported                int64     `json:"countImported"`
	CountImportedDeltas          int64     `json:"countImportedDeltas"`
	CountImportedReferenceDeltas int64     `json:"countImportedReferenceDeltas"`
	State                        string    `json:"state"` // Succeeded | Failed | EntryLevelErrors
	TimeBegan                    time.Time `json:"timeBegan"`
	TimeEnded                    time.Time `json:"timeEnded"`
	Error                        *JobError `json:"error"`
}

// JobError is microsoft.graph.synchronizationError.
type JobError struct {
	Code             string `json:"code"`
	Message          string `json:"message"`
	TenantActionable bool   `json:"tenantActionable"`
}

// Progress is microsoft.graph.synchronizationProgress. The units are pages, not users, as the page on
// when provisioning finishes says.
type Progress struct {
	CompletedUnits              int64     `json:"completedUnits"`
	ProgressObservationDateTime time.Time `json:"progressObservationDateTime"`
	TotalUnits                  int64     `json:"totalUnits"`
	Units                       string    `json:"units"`
}

// Quarantine is microsoft.graph.synchronizationQuarantine.
type Quarantine struct {
	Reason       string    `json:"reason"`
	CurrentBegan time.Time `json:"currentBegan"`
	NextAttempt  time.Time `json:"nextAttempt"`
	SeriesBegan  time.Time `json:"seriesBegan"`
	SeriesCount  int64     `json:"seriesCount"`
	Error        *JobError `json:"error"`
}

// KeyCount is microsoft.graph.stringKeyLongValuePair.
type KeyCount struct {
	Key   string `json:"key"`
	Value int64  `json:"value"`
}

// NameValue is microsoft.graph.keyValuePair.
type NameValue struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// KeyValue is microsoft.graph.stringKeyStringValuePair and the shape of a secret.
type KeyValue struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// neverRun is the documented lastExecution of a started job whose first cycle has not ended: state Failed,
// every counter 0, times in year 1. It is not a failure.
func neverRun() *Execution {
	return &Execution{State: "Failed", Error: &JobError{Code: "None"}}
}
