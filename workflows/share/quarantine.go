package share

import (
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/temporalkit/failure"
	"entente.dev/entente/workflows/profile"
)

// mends are the changes of a set-up that put right what quarantines a job at once.
var mends = []plan.Kind{plan.InboundPartner, plan.InboundSync, plan.OutboundPartner, plan.Secrets}

// notice compares how the job is seen with what is known of it. The same trouble met again soon after the job ran is
// still the same: what was done about it counts.
func (e *entity) notice(ref contract.SharePlanRef) {
	now, t := workflow.Now(e.ctx), e.state.Job
	cause := causeOf(ref.Job)
	if cause == "" {
		if t == nil {
			return
		}
		if t.WellSince.IsZero() {
			t.WellSince, t.Looks = now, 0
		}
		if now.Sub(t.WellSince) > forgets(e.state.Pace) {
			e.state.Job = nil
		}
		return
	}
	if t == nil || t.Cause != cause || t.Reason != ref.Job.Reason || t.Error != ref.Job.Error {
		t = &contract.JobTrouble{Cause: cause, Reason: ref.Job.Reason, Error: ref.Job.Error, Since: now, Seen: now}
		e.state.Job = t
	}
	if !ref.Job.Since.IsZero() {
		t.Since = ref.Job.Since
	}
	t.WellSince = time.Time{}
	t.Looks++
}

// forgets is how long a job must have run before a trouble that it had counts as over.
func forgets(pace contract.Pace) time.Duration { return 12 * profile.EngineWindow(pace) }

// causeOf classifies by what the engine says: the reason of a quarantine, and the code of the error that led there where
// the reason is any exception. It is empty for a job that runs.
func causeOf(job contract.JobHealth) contract.JobCause {
	if !job.Quarantined() {
		if job.Halted() {
			return contract.CauseHalted
		}
		return ""
	}
	switch job.Reason {
	case "TooManyDeletes":
		return contract.CauseDeletes
	case "EncounteredBaseEscrowThreshold", "EncounteredTotalEscrowThreshold", "EncounteredEscrowProportionThreshold":
		return contract.CauseFailures
	case "QuarantinedOnDemand", "QuarantineOnDemand": // two of Microsoft's pages spell it differently
		return contract.CauseOnDemand
	case "IngestionInterrupted":
		return contract.CauseIngestion
	case "EncounteredQuarantineException":
		return exceptionOf(job.Error)
	}
	return contract.CauseUnknown
}

func exceptionOf(code string) contract.JobCause {
	code = strings.ToLower(code)
	contains := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(code, w) {
				return true
			}
		}
		return false
	}
	switch {
	case contains("policy"):
		return contract.CausePolicies
	case contains("credential", "secret", "unauthorized", "tenantnotfound", "authentication"):
		return contract.CauseCredentials
	}
	return contract.CauseConnection
}

// ails says in words what keeps the job from running; empty when it runs.
func (e *entity) ails() string {
	t := e.state.Job
	if t == nil || !t.WellSince.IsZero() {
		return ""
	}
	what := "the job is in quarantine since " + minute(t.Since) + ": " + illness[t.Cause].what
	if t.Cause == contract.CauseHalted {
		what = "the job is " + illness[t.Cause].what + " since " + minute(t.Since)
	}
	if t.Restarts > 0 {
		what += "; restarted " + minute(t.Restarted) + ", and it came back"
	}
	return what
}

func minute(at time.Time) string { return at.UTC().Format("2006-01-02 15:04 UTC") }

// treatment is what people are told of a cause, and how a job that had it is restarted. The scopes are Microsoft's;
// Full is never one of them: it breaks the links to the people in the target.
type treatment struct {
	what, remedy string
	kind         problem.Kind
	checked      bool   // Entra's own test tells whether the cause is repaired
	never        bool   // not restarted from here
	scope        string // empty is what the portal's button does: watermark, escrows and quarantine
}

// illness is a table of constants that Go has no syntax for; nothing writes to it.
var illness = map[contract.JobCause]treatment{
	contract.CausePolicies: {what: "a cross-tenant policy forbids it", kind: problem.Rejected, checked: true,
		remedy: "let the target allow inbound user synchronization and both sides redeem invitations automatically; the job is restarted by itself once Entra's test passes"},
	contract.CauseCredentials: {what: "its connection settings are refused", kind: problem.Rejected, checked: true,
		remedy: "look at the settings of the share's application and at the target tenant; the job is restarted by itself once Entra's test passes"},
	contract.CauseConnection: {what: "it cannot work with the target", kind: problem.Rejected, checked: true,
		remedy: "look at the policies of both tenants and at the settings of the share's application; the job is restarted by itself once Entra's test passes"},
	contract.CauseFailures: {what: "too many people could not be brought", kind: problem.Rejected, scope: "Escrows,QuarantineState",
		remedy: "the provisioning log of the share's application says why for each; after the repair, apply the topology again to restart the job"},
	contract.CauseDeletes: {what: "more deletions in one cycle than the job's guard lets through; nobody was deleted", kind: problem.GuardTripped, never: true,
		remedy: "look at the staged deletions in the provisioning log; they are released only where they are exactly those that were agreed"},
	contract.CauseOnDemand: {what: "Microsoft put it there on demand", kind: problem.Rejected, never: true,
		remedy: "ask Microsoft's support why, then restart provisioning of the share's application in Entra"},
	contract.CauseIngestion: {what: "the engine could not take in what changed in the source", kind: problem.Rejected, scope: "QuarantineState",
		remedy: "it mostly goes on by itself; the job is restarted once after a while, and when the topology is applied again"},
	contract.CauseUnknown: {what: "the engine gives no reason that is known", kind: problem.Rejected, scope: "QuarantineState",
		remedy: "look at the share's application in Entra; the job is restarted once after a while, and when the topology is applied again"},
	contract.CauseHalted: {what: "paused or disabled", kind: problem.Rejected,
		remedy: "find out who or what halts it: after an initial cycle with too many failures the engine does; apply the topology again to start it at once"},
}

// heal blocks a share whose job is held back, with the remedy, and restarts the job once its cause is repaired. stuck
// is true when there is nothing else to be done in this pass.
func (e *entity) heal(ref contract.SharePlanRef) (stuck bool, err error) {
	t := e.state.Job
	if t == nil || !t.WellSince.IsZero() {
		return false, nil
	}
	how := illness[t.Cause]
	p := problem.New(how.kind, "run the job of the share", e.ails())
	p.Tenant, p.Code, p.Remedy = string(e.state.Source.Name), t.Error, how.remedy
	if ref.FrozenUntil.IsZero() && t.Cause != contract.CauseHalted {
		restart, why, err := e.mayRestart(ref, how)
		if err != nil {
			return true, err
		}
		if restart {
			return true, e.restart(ref, how)
		}
		p.Detail = also(p.Detail, why)
	}
	e.state.Problem = p
	e.enter(contract.PhaseBlocked, also(also(e.ails(), e.departing()), e.aside))
	e.retryAt = e.nextLook(ref, how)
	if t.Looks == 1 {
		return true, e.requestObservation(true) // the settings of the application may be what was changed
	}
	return true, e.ctx.Err()
}

// nextLook is when a pass may find more than the tenants' own observations would tell; zero where nothing can.
func (e *entity) nextLook(ref contract.SharePlanRef, how treatment) time.Time {
	t := e.state.Job
	switch {
	case !ref.FrozenUntil.IsZero(), how.never:
		return time.Time{}
	case t.Cause == contract.CauseHalted:
		return e.startsAt()
	case how.checked:
		return workflow.Now(e.ctx).Add(profile.Recheck(e.state.Pace, t.Looks))
	case t.Restarts == 0:
		return t.Seen.Add(profile.EngineWindow(e.state.Pace) + time.Second)
	}
	return time.Time{}
}

// mayRestart tells whether the job may be restarted now: once for each cause, and again only after something was put
// right. Where Entra can test the connection, its test decides; elsewhere the engine first has its time.
func (e *entity) mayRestart(ref contract.SharePlanRef, how treatment) (yes bool, why string, err error) {
	t := e.state.Job
	if how.never {
		return false, "", nil
	}
	if !how.checked {
		waited := workflow.Now(e.ctx).Sub(t.Seen) > profile.EngineWindow(e.state.Pace)
		return t.Repaired || t.Restarts == 0 && waited, "", nil
	}
	in := contract.JobIn{WriteIn: e.write(e.state.Source), ServicePrincipalID: ref.Desired.Found.ServicePrincipalID, Desired: ref.Desired}
	failed := workflow.ExecuteActivity(profile.Look(e.ctx, e.state.Source), contract.CheckConnection, in).Get(e.ctx, nil)
	if e.ctx.Err() != nil {
		return false, "", e.ctx.Err()
	}
	if failed != nil {
		t.Repaired = t.Repaired || profile.IsKind(failed, problem.Rejected) // when it passes, something was put right
		return false, "Entra's test says: " + failure.ProblemOf(failed).Detail, nil
	}
	return t.Repaired || t.Restarts == 0, "Entra's test passes", nil
}

// restart lets the job run again, and says so in the share's history; the ledger hears of it where it is done.
func (e *entity) restart(ref contract.SharePlanRef, how treatment) error {
	t := e.state.Job
	e.nextRun()
	run := store.Run{Trigger: "quarantine", Phase: string(contract.PhaseBlocked), PlanDigest: ref.Digest, StartedAt: workflow.Now(e.ctx), Detail: e.ails()}
	e.recordRun(run)
	found := ref.Desired.Found
	in := contract.JobIn{WriteIn: e.write(e.state.Source), ServicePrincipalID: found.ServicePrincipalID, JobID: found.JobID, Desired: ref.Desired, Scope: how.scope}
	err := workflow.ExecuteActivity(profile.Write(e.ctx, e.state.Source), contract.RestartJob, in).Get(e.ctx, nil)
	if e.ctx.Err() != nil {
		return e.ctx.Err()
	}
	run.EndedAt = workflow.Now(e.ctx)
	if err != nil {
		run.Outcome, run.Detail = "failed", failure.ProblemOf(err).Error()
		e.recordRun(run)
		return e.applyFailed(err, "restarting the job stopped")
	}
	t.Restarts, t.Restarted, t.Repaired, t.Looks = t.Restarts+1, run.EndedAt, false, 0
	run.Outcome, run.Detail = "done", "the job was restarted after its quarantine: "+how.what
	e.recordRun(run)
	e.state.WaitingSince = workflow.Now(e.ctx)
	e.wrote()
	e.enter(contract.PhaseSyncing, "the job was restarted; Microsoft's engine takes over")
	e.lookAgain(max(e.state.Pace.Poll, e.state.Pace.Every/4))
	return e.requestObservation(false)
}

// repaired notes that a set-up, or a person who applies the topology again, has put something right.
func (e *entity) repaired() {
	if e.state.Job != nil {
		e.state.Job.Repaired = true
	}
}

// starts tells whether a halted job is started now: at once, and each further time later. Whoever halts it over and over
// is not fought.
func (e *entity) starts() bool {
	t := e.state.Job
	if t == nil || t.Cause != contract.CauseHalted || t.Restarts == 0 || t.Repaired {
		return true
	}
	return reached(e.startsAt(), workflow.Now(e.ctx))
}

func (e *entity) startsAt() time.Time {
	t, wait := e.state.Job, profile.EngineWindow(e.state.Pace)
	for range min(t.Restarts-1, 4) {
		wait *= 2
	}
	return t.Restarted.Add(wait)
}

// started notes that a set-up started a halted job.
func (e *entity) started(ref contract.SharePlanRef) {
	if t := e.state.Job; t != nil && t.Cause == contract.CauseHalted && ref.Has(plan.StartJob) {
		t.Restarts, t.Restarted, t.Repaired, t.Looks = t.Restarts+1, workflow.Now(e.ctx), false, 0
	}
}
