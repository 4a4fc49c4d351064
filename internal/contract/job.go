package contract

import "time"

// JobHealth is how the share's job was seen last. It is empty where there is no job yet.
type JobHealth struct {
	Code   string    `json:"code,omitempty"`   // status: NotRun | Active | Paused | Quarantine
	State  string    `json:"state,omitempty"`  // schedule: Active | Paused | Disabled
	Reason string    `json:"reason,omitempty"` // of a quarantine
	Error  string    `json:"error,omitempty"`  // the engine's own code of what led there
	Since  time.Time `json:"since,omitzero"`   // of a quarantine
}

// Quarantined tells whether the engine holds the job back.
func (j JobHealth) Quarantined() bool { return j.Code == "Quarantine" }

// Halted tells whether somebody, or the engine, paused or disabled the job. One in quarantine may be disabled too: its
// quarantine is what counts.
func (j JobHealth) Halted() bool {
	return !j.Quarantined() && (j.Code == "Paused" || j.State != "" && j.State != "Active")
}

// JobCause is why a job does not run, as far as that decides what is done about it. The strings are wire format.
type JobCause string

// The causes.
const (
	CausePolicies    JobCause = "policies"    // a cross-tenant policy forbids the synchronization
	CauseCredentials JobCause = "credentials" // what the job was told about the target, or its right to sign in there
	CauseConnection  JobCause = "connection"  // one of the two
	CauseFailures    JobCause = "failures"    // too many people could not be brought
	CauseDeletes     JobCause = "deletes"     // more deletions in one cycle than the job's own guard lets through
	CauseOnDemand    JobCause = "on-demand"   // Microsoft put it there
	CauseIngestion   JobCause = "ingestion"   // the engine could not take in what changed
	CauseUnknown     JobCause = "unknown"
	CauseHalted      JobCause = "halted" // paused or disabled
)

// JobTrouble is what keeps a share's job from running and what was done about it. It is kept for a while after the job
// runs again, so that the same trouble is not met with the same restart over and over.
type JobTrouble struct {
	Cause     JobCause  `json:"cause"`
	Reason    string    `json:"reason,omitempty"`
	Error     string    `json:"error,omitempty"`
	Since     time.Time `json:"since"`              // by the engine's word, or when it was first seen
	Seen      time.Time `json:"seen"`               // when it was first seen
	Looks     int       `json:"looks,omitempty"`    // passes that found it
	Repaired  bool      `json:"repaired,omitempty"` // something was put right since the last restart
	Restarts  int       `json:"restarts,omitempty"`
	Restarted time.Time `json:"restarted,omitzero"` // the last time
	WellSince time.Time `json:"wellSince,omitzero"` // the job has run since then
}
