package restore

import (
	"testing"

	"github.com/stretchr/testify/require"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/temporalkit/failure"
	"entente.dev/entente/internal/testkit/flowtest"
)

var people = []ident.Person{{Home: "b", ID: "1"}, {Home: "b", ID: "2"}}

// known is what is found out beforehand.
type known struct{ lost int }

// run restores with a target that shows looks one after the other; the last one stays.
func run(t *testing.T, before known, undelete error, looks ...contract.RemovalsOut) (*flowtest.Env, contract.RestoreResult, error) {
	t.Helper()
	e := flowtest.New(t)
	flowtest.Do[contract.KeepRestoredIn](e, contract.KeepRestored, nil)
	flowtest.On(e, contract.ReturnScopeMembers, func(contract.ReductionRef) (contract.FoundOut, error) { return contract.FoundOut{Exists: true}, nil })
	flowtest.Do[contract.JobIn](e, contract.RestartJob, nil)
	flowtest.On(e, contract.CheckRestorable, func(contract.ReductionRef) (contract.RemovalsOut, error) {
		return contract.RemovalsOut{Total: 2 + before.lost, Lost: before.lost}, nil
	})
	n := 0
	flowtest.On(e, contract.CheckReturned, func(contract.ReductionRef) (contract.RemovalsOut, error) {
		n++
		return looks[min(n, len(looks))-1], nil
	})
	flowtest.On(e, contract.UndeletePeople, func(contract.ReductionRef) (contract.BatchOut, error) {
		looks = looks[len(looks)-1:]
		return contract.BatchOut{}, undelete
	})
	e.ExecuteWorkflow(Workflow, contract.RestoreInput{Run: flowtest.Run, Command: contract.RestoreCommand{ReductionID: "r-1", People: people, By: "pat"}})
	require.True(t, e.IsWorkflowCompleted())
	var result contract.RestoreResult
	if err := e.GetWorkflowError(); err != nil {
		return e, result, err
	}
	return e, result, e.GetWorkflowResult(&result)
}

func TestTheEngineBringsThemBack(t *testing.T) {
	t.Parallel()
	e, result, err := run(t, known{}, nil, contract.RemovalsOut{Total: 2, InBin: 2}, contract.RemovalsOut{Total: 2, Live: 1, InBin: 1}, contract.RemovalsOut{Total: 2, Live: 2})
	require.NoError(t, err)
	require.Equal(t, contract.RestoreResult{Restored: 2}, result)
	require.Equal(t, []string{contract.CheckRestorable, contract.KeepRestored, contract.ReturnScopeMembers, contract.RestartJob, contract.CheckReturned, contract.CheckReturned, contract.CheckReturned},
		e.Calls(), "wanted first, so that no plan takes them out again; then the group, then the job")
	kept := flowtest.Inputs[contract.KeepRestoredIn](e, contract.KeepRestored)[0]
	require.Equal(t, people, kept.Command.People)
	require.InDelta(t, keep.Hours(), kept.Until.Sub(e.Now()).Hours(), 1)
}

func TestWhomTheEngineLeavesIsTakenFromTheRecycleBin(t *testing.T) {
	t.Parallel()
	e, result, err := run(t, known{}, nil, contract.RemovalsOut{Total: 2, Live: 1, InBin: 1}, contract.RemovalsOut{Total: 2, Live: 1, InBin: 1},
		contract.RemovalsOut{Total: 2, Live: 1, InBin: 1})
	require.NoError(t, err)
	require.Len(t, e.Calls(contract.UndeletePeople), 1)
	require.Equal(t, contract.RestoreResult{Restored: 1, Missing: 1}, result, "the restore itself is only believed when it is seen")
}

func TestTheMissingAreCounted(t *testing.T) {
	t.Parallel()
	e, result, err := run(t, known{}, nil, contract.RemovalsOut{Total: 2, Live: 1, Gone: 1})
	require.NoError(t, err)
	require.Equal(t, contract.RestoreResult{Restored: 1, Missing: 1}, result)
	require.Empty(t, e.Calls(contract.UndeletePeople), "nothing is in the bin")
}

func TestARefusedRestoreCountsAsMissingAnOutageDoesNot(t *testing.T) {
	t.Parallel()
	bin := contract.RemovalsOut{Total: 2, Live: 1, InBin: 1}
	_, result, err := run(t, known{}, problem.New(problem.Rejected, "restore", "the name is taken"), bin)
	require.NoError(t, err)
	require.Equal(t, 1, result.Missing)
	_, _, err = run(t, known{}, problem.New(problem.Forbidden, "restore", "no right"), bin)
	require.Equal(t, problem.Forbidden, failure.ProblemOf(err).Kind)
}

// TestWhoCannotComeBackAsTheSameObjectHoldsNobodyUp: the others are restored, and the restore ends.
func TestWhoCannotComeBackAsTheSameObjectHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	_, result, err := run(t, known{lost: 1}, nil, contract.RemovalsOut{Total: 2, Live: 2})
	require.NoError(t, err)
	require.Equal(t, contract.RestoreResult{Restored: 2, Missing: 1}, result)
}

func TestWhereNobodyCanComeBackNothingIsDone(t *testing.T) {
	t.Parallel()
	e := flowtest.New(t)
	flowtest.On(e, contract.CheckRestorable, func(contract.ReductionRef) (contract.RemovalsOut, error) {
		return contract.RemovalsOut{Total: 2, Lost: 2}, nil
	})
	e.ExecuteWorkflow(Workflow, contract.RestoreInput{Run: flowtest.Run, Command: contract.RestoreCommand{ReductionID: "r-1", By: "pat"}})
	require.NoError(t, e.GetWorkflowError())
	require.Equal(t, []string{contract.CheckRestorable}, e.Calls())
}

// TestOnlyTheLastLookLoses: what was restored may take a while to be seen.
func TestOnlyTheLastLookLoses(t *testing.T) {
	t.Parallel()
	bin := contract.RemovalsOut{Total: 2, Live: 1, InBin: 1}
	e, _, err := run(t, known{}, nil, bin)
	require.NoError(t, err)
	looks := flowtest.Inputs[contract.ReductionRef](e, contract.CheckReturned)
	for i, in := range looks {
		require.Equal(t, i == len(looks)-1, in.Final)
	}
	require.Greater(t, len(looks), 3)
}
