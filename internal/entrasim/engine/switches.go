package engine

import "time"

// Switches settle what the pages leave open or contradict. The zero value is not the default: use
// DefaultSwitches and change what a test needs.
type Switches struct {
	NewJobNotRun              bool
	ThresholdInclusive        bool
	ThresholdWithoutSettings  bool
	ThresholdCountsDisables   bool
	FullForcesDeletes         bool
	EscrowExpiryDisablesJob   bool
	PruneInitialEscrows       bool
	QuarantineDecay           bool
	OnDemandDuplicates        bool
	OnDemandObjectForm        bool
	OnDemandAssignmentDelay   time.Duration
	MemberReentryNeedsRestart bool
	DefaultAccessEntitles     bool
	AdoptionRedeems           bool
	RegexWholeValue           bool
	LegacyPolicyCode          bool
	DisableLoggedAsDisable    bool
	LogTenantIsTarget         bool
	LogIngestionDelay         time.Duration
	SecretsMerge              bool
	MaskAllSecrets            bool
	SharedTargetSurvives      bool
	LeaversReturn             bool
	CycleDuration             bool
	MatchDuration             time.Duration
	CreateDuration            time.Duration
}

// SwitchInfo describes one switch for the list a person reads.
type SwitchInfo struct {
	Name    string `json:"name"`
	Default any    `json:"default"`
	Value   any    `json:"value"`
	Meaning string `json:"meaning"`
	Source  string `json:"source"`
}
