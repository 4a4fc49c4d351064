package engine

import (
	"fmt"
	"reflect"
	"strconv"
	"time"
)

// Switches settle what the pages leave open or contradict, one field each. The zero value is not the default:
// start from DefaultSwitches. SwitchList tells the meaning and the source of every field.
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

// DefaultSwitches is the documented behaviour, or the reading of it that SwitchList explains.
func DefaultSwitches() Switches {
	return Switches{
		ThresholdCountsDisables: true,
		PruneInitialEscrows:     true,
		QuarantineDecay:         true,
		OnDemandDuplicates:      true,
		RegexWholeValue:         true,
		LogTenantIsTarget:       true,
		SharedTargetSurvives:    true,
		LeaversReturn:           true,
		MatchDuration:           1200 * time.Millisecond,
		CreateDuration:          2400 * time.Millisecond,
	}
}

// SwitchInfo describes one switch for the list a person reads. Default and Value are booleans or durations as text.
type SwitchInfo struct {
	Name    string `json:"name"`
	Default any    `json:"default"`
	Value   any    `json:"value"`
	Meaning string `json:"meaning"`
	Source  string `json:"source"`
}

// switchTexts holds meaning and source by field name.
var switchTexts = map[string][2]string{
	"NewJobNotRun":              {"A job shows NotRun with the never-run execution from its creation, not only after its first start.", "cross-tenant-synchronization-configure-graph steps 8 and 13 (created: Paused)"},
	"ThresholdInclusive":        {"The deletion threshold trips when it is met, not only when it is exceeded.", "accidental-deletions (wording wavers between met and exceeds)"},
	"ThresholdWithoutSettings":  {"Without a SyncNotificationSettings secret the threshold of 500 is in force.", "cross-tenant-synchronization-configure step 10 (the portal's check box turns it on)"},
	"ThresholdCountsDisables":   {"Disabled users count toward the deletion threshold and are held back with the deletions.", "accidental-deletions"},
	"FullForcesDeletes":         {"Restart scope Full includes ForceDeletes.", "synchronizationJobRestartCriteria (\"all of the options\"; the enumeration's value 15 excludes it)"},
	"EscrowExpiryDisablesJob":   {"An escrow that reaches 28 days disables its job, instead of only being dropped.", "application-provisioning-quarantine-status, retry duration (mixes wording for entries and jobs)"},
	"PruneInitialEscrows":       {"An initial cycle that reaches a quarantine threshold drops its errors and pauses the job, instead of going into quarantine.", "synchronizationStatus, escrowsPruned"},
	"QuarantineDecay":           {"A quarantined job runs 6, 12 and 24 hours after it was quarantined and then daily, instead of every interval.", "application-provisioning-quarantine-status"},
	"OnDemandDuplicates":        {"Provision on demand never restores a soft-deleted target user but creates another one.", "provision-on-demand, cross-tenant-synchronization-configure"},
	"OnDemandObjectForm":        {"Provision on demand answers with an object and a result as key (API page), instead of an array and a type name (cross-tenant page).", "synchronizationJob: provisionOnDemand against cross-tenant-synchronization-configure-graph step 11"},
	"OnDemandAssignmentDelay":   {"How long provision on demand does not see a fresh assignment.", "provision-on-demand (up to a few minutes)"},
	"MemberReentryNeedsRestart": {"A member who comes into a group after the group was processed is not noticed until a restart.", "known-issues, member of group not provisioned (may)"},
	"DefaultAccessEntitles":     {"An assignment with the default access role (zero GUID) entitles.", "how-provisioning-works (users with default access are not effectively entitled)"},
	"AdoptionRedeems":           {"A pending guest that a cycle takes over becomes redeemed.", "cross-tenant-synchronization-configure (documents only the user principal name)"},
	"RegexWholeValue":           {"REGEX MATCH has to match the whole value.", "define-conditional-rules-for-provisioning-user-accounts (example ([1-9][0-9]) is said to match 10 to 99)"},
	"LegacyPolicyCode":          {"validateCredentials fails with AzureDirectoryB2BManagementPolicyCheckFailure.", "cross-tenant-synchronization-configure, older wording"},
	"DisableLoggedAsDisable":    {"An update that turns accountEnabled off is logged as action disable.", "provisioningObjectSummary (lists the action), overview (an update)"},
	"LogTenantIsTarget":         {"tenantId of a log row is the target tenant.", "cross-tenant-synchronization-configure-graph step 13 sample"},
	"LogIngestionDelay":         {"How long a log row takes to be readable.", "unverified length"},
	"SecretsMerge":              {"PUT secrets merges into the stored set, instead of replacing it.", "skip-out-of-scope-deletions (read, append, write back)"},
	"MaskAllSecrets":            {"Every secret value reads as *, not only the ones that are secret material.", "third-party sample; MicrosoftDocs/entra-docs pull 2084 shows clear values"},
	"SharedTargetSurvives":      {"A target user that two source users share stays while one of them is in scope.", "unverified"},
	"LeaversReturn":             {"A synced user who left the target by self-service is provisioned again in the next cycle.", "cross-tenant-synchronization-configure step 14"},
	"CycleDuration":             {"An initial cycle takes as long as documented for its number of objects, instead of ending at once.", "application-provisioning-when-will-provisioning-finish-specific-user (0.01 to 0.08 minutes an object)"},
	"MatchDuration":             {"Virtual time an initial cycle spends on an object that exists in the target.", "same page; 0.02 minutes lies in the range"},
	"CreateDuration":            {"Virtual time an initial cycle spends on an object it creates; about twice a match.", "same page"},
}

// List describes every switch with its default and its present value, in the order of the fields.
func (sw Switches) List() []SwitchInfo {
	now, def := reflect.ValueOf(sw), reflect.ValueOf(DefaultSwitches())
	var out []SwitchInfo
	for i := range now.NumField() {
		name := now.Type().Field(i).Name
		out = append(out, SwitchInfo{name, plain(def.Field(i)), plain(now.Field(i)), switchTexts[name][0], switchTexts[name][1]})
	}
	return out
}

func plain(v reflect.Value) any {
	if d, ok := v.Interface().(time.Duration); ok {
		return d.String()
	}
	return v.Interface()
}

// Switches lists the switches this engine runs with.
func (e *Engine) Switches() []SwitchInfo { return e.sw.List() }

// Set changes a switch by name; value is a boolean or a duration as Go writes them.
func (sw *Switches) Set(name, value string) error {
	f := reflect.ValueOf(sw).Elem().FieldByName(name)
	if !f.IsValid() {
		return fmt.Errorf("there is no switch %q", name)
	}
	if f.Kind() == reflect.Bool {
		b, err := strconv.ParseBool(value)
		if err != nil {
			return fmt.Errorf("switch %s: %w", name, err)
		}
		f.SetBool(b)
		return nil
	}
	d, err := time.ParseDuration(value)
	if err != nil {
		return fmt.Errorf("switch %s: %w", name, err)
	}
	f.SetInt(int64(d))
	return nil
}
