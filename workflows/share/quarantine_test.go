package share

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/testkit/flowtest"
	"entente.dev/entente/workflows/profile"
)

var quarantined = time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC)

func quarantine(reason, code string) contract.JobHealth {
	return contract.JobHealth{Code: "Quarantine", State: "Active", Reason: reason, Error: code, Since: quarantined}
}

func carries(t *testing.T, job contract.JobHealth) *world {
	w := newWorld(t)
	w.accepted, w.setUp, w.job = true, true, job
	return w
}

func scopes(w *world) (out []string) {
	for _, in := range flowtest.Inputs[contract.JobIn](w.Env, contract.RestartJob) {
		out = append(out, in.Scope)
	}
	return out
}

// TestAQuarantineIsClassified: the reasons and codes are those of the engine's pages.
func TestAQuarantineIsClassified(t *testing.T) {
	t.Parallel()
	const exception = "EncounteredQuarantineException"
	for job, want := range map[contract.JobHealth]contract.JobCause{
		{}:                                contract.JobCause(""),
		{Code: "Active", State: "Active"}: "",
		{Code: "NotRun", State: "Active"}: "",
		{Code: "Active", State: "Active", Reason: "Unknown"}:                           "",
		{Code: "Paused", State: "Active"}:                                              contract.CauseHalted,
		{Code: "Active", State: "Disabled"}:                                            contract.CauseHalted,
		quarantine(exception, "AzureDirectoryB2BManagementPolicyCheckFailure"):         contract.CausePolicies,
		quarantine(exception, "AzureActiveDirectoryCrossTenantSyncPolicyCheckFailure"): contract.CausePolicies,
		quarantine(exception, "CredentialsMissing"):                                    contract.CauseCredentials,
		quarantine(exception, "ExternalTenantNotFound"):                                contract.CauseCredentials,
		quarantine(exception, "WebExceptionProtocolError"):                             contract.CauseConnection,
		quarantine("TooManyDeletes", "TooManyDeletes"):                                 contract.CauseDeletes,
		quarantine("EncounteredBaseEscrowThreshold", ""):                               contract.CauseFailures,
		quarantine("EncounteredTotalEscrowThreshold", ""):                              contract.CauseFailures,
		quarantine("EncounteredEscrowProportionThreshold", ""):                         contract.CauseFailures,
		quarantine("QuarantinedOnDemand", ""):                                          contract.CauseOnDemand,
		quarantine("QuarantineOnDemand", ""):                                           contract.CauseOnDemand,
		quarantine("IngestionInterrupted", ""):                                         contract.CauseIngestion,
		quarantine("Unknown", ""):                                                      contract.CauseUnknown,
		quarantine("SomethingNew", ""):                                                 contract.CauseUnknown,
	} {
		require.Equal(t, want, causeOf(job), "%+v", job)
		if want != "" {
			how, known := illness[want]
			require.True(t, known && how.what != "" && how.remedy != "" && how.kind != "", want)
			require.NotContains(t, how.scope, "Full")
		}
	}
}

func TestAQuarantinedJobIsShownWithItsRemedyAndRestartedOnceItsCauseIsRepaired(t *testing.T) {
	t.Parallel()
	w := carries(t, quarantine("EncounteredQuarantineException", "AzureDirectoryB2BManagementPolicyCheckFailure"))
	w.fails[contract.CheckConnection] = problem.New(problem.Rejected, "test", "Policy permitting auto-redemption is missing")
	w.Later(30*time.Second, func() {
		s := w.now()
		require.Equal(t, contract.PhaseBlocked, s.Phase)
		require.Contains(t, s.Detail, "in quarantine since 2026-01-02 03:04 UTC: a cross-tenant policy forbids it")
		require.Equal(t, problem.Rejected, s.Problem.Kind)
		require.Equal(t, "b", s.Problem.Tenant)
		require.Contains(t, s.Problem.Detail, "Policy permitting auto-redemption is missing")
		require.NotEmpty(t, s.Problem.Remedy)
	})
	w.Later(5*time.Hour, func() {
		require.Empty(t, w.Calls(contract.RestartJob))
		require.LessOrEqual(t, len(w.Calls(contract.CheckConnection)), 14, "the longer it is broken the less often anybody looks")
		delete(w.fails, contract.CheckConnection)
	})
	s := w.until(7*time.Hour, state(contract.PhaseInSync))
	require.Equal(t, contract.PhaseInSync, s.Phase)
	require.Nil(t, s.Problem)
	require.Equal(t, []string{""}, scopes(w))
	require.Equal(t, "done", w.runs[len(w.runs)-1].Outcome)
	require.Equal(t, "quarantine", w.runs[len(w.runs)-1].Trigger)
}

// TestAJobIsNotRestartedInALoop: a restart that did not help is not made again before something was put right.
func TestAJobIsNotRestartedInALoop(t *testing.T) {
	t.Parallel()
	w := carries(t, quarantine("EncounteredQuarantineException", "CredentialsMissing"))
	w.relapse = true
	for m := time.Minute; m < 2*time.Hour; m += time.Hour { // it is Active for a moment before each relapse
		healthy, ill := contract.JobHealth{Code: "Active", State: "Active"}, w.job
		w.Later(m, func() { w.job = healthy; w.observed(true) })
		w.Later(m+2*time.Minute, func() { w.job = ill; w.observed(true) })
	}
	w.Later(110*time.Minute, func() {
		require.Len(t, w.Calls(contract.RestartJob), 1)
		require.Equal(t, contract.PhaseBlocked, w.now().Phase)
		require.Contains(t, w.now().Detail, "and it came back")
		w.fails[contract.CheckConnection] = problem.New(problem.Rejected, "test", "no")
	})
	w.Later(3*time.Hour, func() { delete(w.fails, contract.CheckConnection) })
	w.until(4*time.Hour, state(contract.PhaseInSync))
	require.Len(t, w.Calls(contract.RestartJob), 2, "the test failed and passed again: that is a repair")
}

func TestATroubleThatIsLongOverIsForgotten(t *testing.T) {
	t.Parallel()
	ill := quarantine("EncounteredQuarantineException", "CredentialsMissing")
	w := carries(t, ill)
	w.Later(2*day, func() { w.observed(true) })
	w.Later(3*day, func() { require.Nil(t, w.now().Job); w.job = ill; w.observed(true) })
	w.until(4*day, state(contract.PhaseInSync))
	require.Len(t, w.Calls(contract.RestartJob), 2)
}

// TestWhatNoTestCanTellIsRestartedOnceAfterAWhile: and again when a person says that it is repaired.
func TestWhatNoTestCanTellIsRestartedOnceAfterAWhile(t *testing.T) {
	t.Parallel()
	w := carries(t, quarantine("EncounteredEscrowProportionThreshold", ""))
	w.relapse = true
	w.Later(profile.EngineWindow(flowtest.Pace)-time.Minute, func() { require.Empty(t, w.Calls(contract.RestartJob), "the engine tries by itself first") })
	w.Later(20*time.Hour, func() {
		require.Equal(t, []string{"Escrows,QuarantineState"}, scopes(w))
		require.Equal(t, contract.PhaseBlocked, w.now().Phase)
		w.SignalWorkflow(contract.TopologyApplied, contract.TopologyAppliedSignal{TopologyDigest: "t1", Pace: flowtest.Pace})
	})
	w.until(40*time.Hour, state(contract.PhaseInSync))
	require.Len(t, w.Calls(contract.RestartJob), 2)
	require.Empty(t, w.Calls(contract.CheckConnection))
}

func TestHeldBackDeletionsAreNeverReleasedHere(t *testing.T) {
	t.Parallel()
	for _, reason := range []string{"TooManyDeletes", "QuarantinedOnDemand"} {
		w := carries(t, quarantine(reason, ""))
		w.Later(day, func() {
			w.SignalWorkflow(contract.TopologyApplied, contract.TopologyAppliedSignal{TopologyDigest: "t1", Pace: flowtest.Pace})
		})
		s := w.until(3*day, state(contract.PhaseInSync))
		require.Equal(t, contract.PhaseBlocked, s.Phase)
		require.Empty(t, w.Calls(contract.RestartJob))
	}
}

// TestASetUpThatPutsAPolicyBackIsARepair: the job is restarted although it was restarted before.
func TestASetUpThatPutsAPolicyBackIsARepair(t *testing.T) {
	t.Parallel()
	w := carries(t, quarantine("EncounteredQuarantineException", "AzureDirectoryB2BManagementPolicyCheckFailure"))
	w.relapse, w.mendable = true, true
	before := state(contract.PhaseBlocked)
	before.Job = &contract.JobTrouble{Cause: contract.CausePolicies, Reason: w.job.Reason, Error: w.job.Error, Restarts: 1, Restarted: quarantined}
	w.until(3*time.Hour, before)
	require.Equal(t, []string{contract.SetupWorkflow, contract.RestartJob}, w.Calls(contract.SetupWorkflow, contract.RestartJob))
}

// TestASetUpThatCannotRepairSaysWhatTheJobHas: people learn of both.
func TestASetUpThatCannotRepairSaysWhatTheJobHas(t *testing.T) {
	t.Parallel()
	w := carries(t, quarantine("EncounteredQuarantineException", "AzureDirectoryB2BManagementPolicyCheckFailure"))
	w.mendable = true
	w.fails[contract.SetupWorkflow] = forbidden()
	s := w.until(time.Hour, state(contract.PhaseInSync))
	require.Equal(t, problem.Forbidden, s.Problem.Kind)
	require.Contains(t, s.Detail, "set-up stopped; the job is in quarantine since")
	require.Empty(t, w.Calls(contract.RestartJob))
}

func TestAPausedJobIsStartedAndWhoPausesItOverAndOverIsNotFought(t *testing.T) {
	t.Parallel()
	w := carries(t, contract.JobHealth{Code: "Paused", State: "Paused"})
	w.relapse = true
	w.Later(90*time.Minute, func() {
		require.Len(t, w.Calls(contract.SetupWorkflow), 1)
		s := w.now()
		require.Equal(t, contract.PhaseBlocked, s.Phase)
		require.Contains(t, s.Problem.Detail, "the job is paused or disabled since")
	})
	w.Later(3*day, func() {
		require.LessOrEqual(t, len(w.Calls(contract.SetupWorkflow)), 6)
		w.relapse = false
		w.SignalWorkflow(contract.TopologyApplied, contract.TopologyAppliedSignal{TopologyDigest: "t1", Pace: flowtest.Pace})
	})
	s := w.until(4*day, state(contract.PhaseInSync))
	require.Equal(t, contract.PhaseInSync, s.Phase)
}

// TestPeopleStillLeaveWhileTheJobIsInQuarantine: their grace runs, and nobody waits in vain for a conversion.
func TestPeopleStillLeaveWhileTheJobIsInQuarantine(t *testing.T) {
	t.Parallel()
	w := carries(t, quarantine("TooManyDeletes", ""))
	w.removals, w.convert, w.leaveIn = 1, 1, day
	w.Later(time.Hour, func() {
		require.Len(t, w.Calls(contract.ReductionWorkflow), 1)
		require.Equal(t, contract.PhaseBlocked, w.now().Phase)
		require.Contains(t, w.now().Detail, "1 person leaves")
	})
	w.until(2*time.Hour, state(contract.PhaseInSync))
	require.Empty(t, w.Calls(contract.MemberTypeWorkflow))
}

// TestAFrozenCalendarRestartsNothing: what is wrong is said all the same.
func TestAFrozenCalendarRestartsNothing(t *testing.T) {
	t.Parallel()
	w := carries(t, quarantine("EncounteredQuarantineException", "CredentialsMissing"))
	w.thaw = w.Now().Add(day)
	w.Later(day-time.Hour, func() {
		require.Equal(t, contract.PhaseBlocked, w.now().Phase)
		require.Contains(t, w.now().Detail, "frozen by the calendar until")
		require.Empty(t, w.Calls(contract.RestartJob))
	})
	w.until(day+time.Hour, state(contract.PhaseInSync))
	require.Len(t, w.Calls(contract.RestartJob), 1)
}
