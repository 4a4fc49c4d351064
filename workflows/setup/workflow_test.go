package setup

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/temporalkit/failure"
	"entente.dev/entente/internal/testkit/flowtest"
)

var everything = []plan.Kind{
	plan.InboundPartner, plan.InboundSync, plan.OutboundPartner, plan.Application, plan.Job, plan.Secrets, plan.JobSchema,
	plan.ScopeGroup, plan.Assignment, plan.ScopeAdd, plan.StartJob,
}

// world is both tenants; a name in fails answers that activity's calls, one error a call, then it works.
type world struct {
	*flowtest.Env
	exists map[string]bool // find → what it finds
	fails  map[string][]error
}

func newWorld(t *testing.T) *world {
	w := &world{Env: flowtest.New(t), exists: map[string]bool{}, fails: map[string][]error{}}
	for _, name := range []string{contract.EnsurePartner, contract.EnsureInboundSync, contract.DeleteInboundSync, contract.ReleasePartner} {
		flowtest.Do(w.Env, name, func(contract.PartnerIn) error { return w.next(name) })
	}
	for _, name := range []string{contract.CheckConnection, contract.PutSecrets, contract.EnsureSchema, contract.StartJob, contract.DeleteJob, contract.DeleteApplication} {
		flowtest.Do(w.Env, name, func(contract.JobIn) error { return w.next(name) })
	}
	for _, name := range []string{contract.AssignGroup, contract.DeleteGroup} {
		flowtest.Do(w.Env, name, func(contract.AssignIn) error { return w.next(name) })
	}
	flowtest.On(w.Env, contract.AddScopeMembers, func(contract.ScopeIn) (contract.BatchOut, error) {
		return contract.BatchOut{Done: 2}, w.next(contract.AddScopeMembers)
	})
	for find, create := range map[string]string{contract.FindApplication: contract.CreateApplication, contract.FindGroup: contract.CreateGroup} {
		flowtest.On(w.Env, find, func(contract.NameIn) (contract.FoundOut, error) { return w.found(find, "found"), w.next(find) })
		flowtest.On(w.Env, create, func(contract.NameIn) (contract.FoundOut, error) { return w.make("made"), w.next(create) })
	}
	flowtest.On(w.Env, contract.FindJob, func(contract.JobIn) (contract.FoundOut, error) {
		return w.found(contract.FindJob, "found"), w.next(contract.FindJob)
	})
	flowtest.On(w.Env, contract.CreateJob, func(contract.JobIn) (contract.FoundOut, error) { return w.make("made"), w.next(contract.CreateJob) })
	return w
}

func (w *world) make(id string) contract.FoundOut { return contract.FoundOut{Exists: true, ID: id} }

func (w *world) found(find, id string) contract.FoundOut {
	if w.exists[find] {
		return contract.FoundOut{Exists: true, ID: id}
	}
	return contract.FoundOut{}
}

func (w *world) next(name string) error {
	if len(w.fails[name]) == 0 {
		return nil
	}
	err := w.fails[name][0]
	w.fails[name] = w.fails[name][1:]
	return err
}

func (w *world) run(found plan.Found, kinds ...plan.Kind) (contract.SetupResult, error) {
	w.ExecuteWorkflow(Workflow, contract.SetupInput{Run: flowtest.Run, Plan: contract.SharePlanRef{
		Digest: "d", Kinds: kinds, Desired: plan.Desired{AppName: "app", GroupName: "group", GroupNickname: "nick", Found: found},
	}})
	require.True(w.T, w.IsWorkflowCompleted())
	var result contract.SetupResult
	if err := w.GetWorkflowError(); err != nil {
		return result, err
	}
	return result, w.GetWorkflowResult(&result)
}

func kind(err error) problem.Kind {
	if err == nil {
		return ""
	}
	return failure.ProblemOf(err).Kind
}

var lost = problem.New(problem.Ambiguous, "create", "the answer was lost")

func TestTheOrderOfAWholeSetup(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	result, err := w.run(plan.Found{}, everything...)
	require.NoError(t, err)
	require.Equal(t, []string{
		contract.EnsurePartner, contract.EnsureInboundSync, contract.EnsurePartner,
		contract.FindApplication, contract.CreateApplication, contract.CheckConnection, contract.FindJob, contract.CreateJob,
		contract.PutSecrets, contract.EnsureSchema, contract.FindGroup, contract.CreateGroup, contract.AssignGroup,
		contract.AddScopeMembers, contract.StartJob,
	}, w.Calls())
	partners := flowtest.Inputs[contract.PartnerIn](w.Env, contract.EnsurePartner)
	require.True(t, partners[0].Inbound && partners[0].Tenant == flowtest.Target, "the target allows first")
	require.True(t, !partners[1].Inbound && partners[1].Tenant == flowtest.Source)
	require.Equal(t, contract.SetupResult{Found: plan.Found{ServicePrincipalID: "made", JobID: "made", ScopeGroupID: "made"}, Added: 2}, result)
}

func TestOnlyWhatIsPlannedIsDone(t *testing.T) {
	t.Parallel()
	stands := plan.Found{ServicePrincipalID: "sp", JobID: "job", ScopeGroupID: "g"}
	for name, c := range map[string]struct {
		kinds []plan.Kind
		want  []string
	}{
		"people":  {[]plan.Kind{plan.ScopeAdd}, []string{contract.AddScopeMembers}},
		"schema":  {[]plan.Kind{plan.JobSchema}, []string{contract.EnsureSchema}},
		"inbound": {[]plan.Kind{plan.InboundSync}, []string{contract.EnsureInboundSync, contract.CheckConnection}},
		"start":   {[]plan.Kind{plan.StartJob}, []string{contract.StartJob}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			_, err := w.run(stands, c.kinds...)
			require.NoError(t, err)
			require.Equal(t, c.want, w.Calls())
		})
	}
}

func TestALostAnswerIsLookedForAndCreatedAgainOnlyAfterAgreeingAbsences(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fails[contract.CreateGroup] = []error{lost}
	_, err := w.run(plan.Found{ServicePrincipalID: "sp", JobID: "job"}, plan.ScopeGroup)
	require.NoError(t, err)
	require.Equal(t, []string{contract.FindGroup, contract.CreateGroup, contract.FindGroup, contract.FindGroup, contract.FindGroup, contract.CreateGroup}, w.Calls())
}

func TestALostAnswerIsAdoptedWhenTheObjectAppears(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fails[contract.CreateApplication] = []error{lost}
	w.Later(time.Millisecond, func() {})
	w.Later(20*time.Second, func() { w.exists[contract.FindApplication] = true })
	result, err := w.run(plan.Found{JobID: "job", ScopeGroupID: "g"}, plan.Application)
	require.NoError(t, err)
	require.Equal(t, "found", result.Found.ServicePrincipalID)
	require.Len(t, w.Calls(contract.CreateApplication), 1)
}

func TestA404WhileProbingIsNoAbsence(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fails[contract.CreateJob] = []error{lost}
	unknown := problem.New(problem.NotFound, "list jobs", "the application is not known here yet")
	w.fails[contract.FindJob] = []error{nil, unknown, unknown, unknown, unknown}
	w.Later(70*time.Second, func() { w.exists[contract.FindJob] = true })
	result, err := w.run(plan.Found{ServicePrincipalID: "sp", ScopeGroupID: "g"}, plan.Job)
	require.NoError(t, err)
	require.Equal(t, "found", result.Found.JobID)
	require.Len(t, w.Calls(contract.CreateJob), 1)
}

func TestAnswersLostEveryTimeEndInDoubt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fails[contract.CreateGroup] = []error{lost, lost, lost, lost, lost, lost}
	_, err := w.run(plan.Found{ServicePrincipalID: "sp", JobID: "job"}, plan.ScopeGroup)
	require.Equal(t, problem.Ambiguous, kind(err))
	require.Len(t, w.Calls(contract.CreateGroup), 4)
}

func TestADefiniteErrorEndsIt(t *testing.T) {
	t.Parallel()
	for _, k := range []problem.Kind{problem.Forbidden, problem.Conflict, problem.Bug} {
		w := newWorld(t)
		w.fails[contract.CreateGroup] = []error{problem.New(k, "create", "no")}
		_, err := w.run(plan.Found{ServicePrincipalID: "sp", JobID: "job"}, plan.ScopeGroup, plan.Assignment)
		require.Equal(t, k, kind(err))
		require.Len(t, w.Calls(contract.CreateGroup), 1)
		require.Empty(t, w.Calls(contract.AssignGroup))
	}
}

func TestAThrottledCreateIsMadeAgainWhenItsTimeHasCome(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := problem.New(problem.Throttled, "create", "later")
	p.RetryAfter = 90 * time.Second
	w.fails[contract.CreateGroup] = []error{p}
	began := w.Now()
	_, err := w.run(plan.Found{ServicePrincipalID: "sp", JobID: "job"}, plan.ScopeGroup)
	require.NoError(t, err)
	require.Equal(t, []string{contract.FindGroup, contract.CreateGroup, contract.CreateGroup}, w.Calls())
	require.GreaterOrEqual(t, w.Now().Sub(began), 90*time.Second)
}

func TestWhatHasNotArrivedEverywhereIsWaitedForButNotForEver(t *testing.T) {
	t.Parallel()
	stands := plan.Found{ServicePrincipalID: "sp", JobID: "job", ScopeGroupID: "g"}
	for _, k := range []problem.Kind{problem.NotFound, problem.Rejected} {
		w := newWorld(t)
		fail := problem.New(k, "assign", "not yet")
		w.fails[contract.AssignGroup] = []error{fail, fail, fail}
		_, err := w.run(stands, plan.Assignment)
		require.NoError(t, err)
		require.Len(t, w.Calls(contract.AssignGroup), 4)

		w = newWorld(t)
		for range 1000 {
			w.fails[contract.AssignGroup] = append(w.fails[contract.AssignGroup], fail)
		}
		began := w.Now()
		_, err = w.run(stands, plan.Assignment)
		require.Equal(t, k, kind(err))
		require.InDelta(t, patience.Minutes(), w.Now().Sub(began).Minutes(), 2)
	}
}

func TestTeardownInTheOrderThatStrandsNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ExecuteWorkflow(Teardown, contract.TeardownInput{Run: flowtest.Run, Found: plan.Found{ServicePrincipalID: "sp", JobID: "job", ScopeGroupID: "g"}})
	require.NoError(t, w.GetWorkflowError())
	require.Equal(t, []string{contract.DeleteJob, contract.DeleteApplication, contract.DeleteGroup, contract.DeleteInboundSync,
		contract.ReleasePartner, contract.ReleasePartner}, w.Calls())
	partners := flowtest.Inputs[contract.PartnerIn](w.Env, contract.ReleasePartner)
	require.True(t, partners[0].Inbound && partners[0].Tenant == flowtest.Target)
	require.True(t, !partners[1].Inbound && partners[1].Tenant == flowtest.Source)
}

func TestTeardownSkipsWhatIsNotThereAndStopsAtWhatFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ExecuteWorkflow(Teardown, contract.TeardownInput{Run: flowtest.Run})
	require.NoError(t, w.GetWorkflowError())
	require.Equal(t, []string{contract.DeleteInboundSync, contract.ReleasePartner, contract.ReleasePartner}, w.Calls())

	w = newWorld(t)
	w.fails[contract.DeleteApplication] = []error{problem.New(problem.Forbidden, "delete", "no right")}
	w.ExecuteWorkflow(Teardown, contract.TeardownInput{Run: flowtest.Run, Found: plan.Found{ServicePrincipalID: "sp", JobID: "job", ScopeGroupID: "g"}})
	require.Equal(t, problem.Forbidden, kind(w.GetWorkflowError()))
	require.Equal(t, []string{contract.DeleteJob, contract.DeleteApplication}, w.Calls())
}
