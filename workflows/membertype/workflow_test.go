package membertype

import (
	"testing"

	"github.com/stretchr/testify/require"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/temporalkit/failure"
	"entente.dev/entente/internal/testkit/flowtest"
)

// run converts with a target that shows looks one after the other; the last one stays.
func run(t *testing.T, in contract.MemberTypeInput, looks ...contract.GuestsOut) (*flowtest.Env, contract.MemberTypeResult, error) {
	t.Helper()
	e := flowtest.New(t)
	n := 0
	flowtest.Do[contract.GuestsIn](e, contract.RecordConversions, nil)
	flowtest.On(e, contract.CheckGuests, func(contract.GuestsIn) (contract.GuestsOut, error) {
		n++
		if len(looks) == 0 {
			return contract.GuestsOut{}, problem.New(problem.Forbidden, "read users", "no right")
		}
		return looks[min(n, len(looks))-1], nil
	})
	flowtest.On(e, contract.ConvertGuests, func(contract.GuestsIn) (contract.GuestsOut, error) { return contract.GuestsOut{Total: 3, Done: 2}, nil })
	in.Run = flowtest.Run
	e.ExecuteWorkflow(Workflow, in)
	require.True(t, e.IsWorkflowCompleted())
	var result contract.MemberTypeResult
	if err := e.GetWorkflowError(); err != nil {
		return e, result, err
	}
	return e, result, e.GetWorkflowResult(&result)
}

func TestTheEngineConverts(t *testing.T) {
	t.Parallel()
	e, result, err := run(t, contract.MemberTypeInput{PlanDigest: "d"}, contract.GuestsOut{Total: 3, Guests: 3}, contract.GuestsOut{Total: 3, Guests: 1}, contract.GuestsOut{Total: 3})
	require.NoError(t, err)
	require.Equal(t, contract.MemberTypeResult{Converted: 3}, result)
	require.Equal(t, []string{contract.RecordConversions, contract.CheckGuests, contract.CheckGuests, contract.CheckGuests}, e.Calls(), "the way back is recorded first")
}

func TestStragglersAreWrittenByUsWhenTheEngineHadItsTime(t *testing.T) {
	t.Parallel()
	e, result, err := run(t, contract.MemberTypeInput{PlanDigest: "d"}, contract.GuestsOut{Total: 3, Guests: 2})
	require.NoError(t, err)
	require.Equal(t, contract.MemberTypeResult{Converted: 3, Patched: 2}, result)
	require.Len(t, e.Calls(contract.ConvertGuests), 1)
	require.Greater(t, len(e.Calls(contract.CheckGuests)), 100, "two hours, a look a minute")
}

func TestRevertKeepsGuestsFromNowOnThenWritesTheEarlierType(t *testing.T) {
	t.Parallel()
	e, result, err := run(t, contract.MemberTypeInput{Revert: true, By: "pat"})
	require.NoError(t, err)
	require.Equal(t, contract.MemberTypeResult{Reverted: 2}, result)
	require.Equal(t, []string{contract.RecordConversions, contract.ConvertGuests}, e.Calls())
	require.True(t, flowtest.Inputs[contract.GuestsIn](e, contract.ConvertGuests)[0].Revert)
}

func TestATargetThatCannotBeReadIsNotWritten(t *testing.T) {
	t.Parallel()
	e, _, err := run(t, contract.MemberTypeInput{PlanDigest: "d"})
	require.Equal(t, problem.Forbidden, failure.ProblemOf(err).Kind)
	require.Empty(t, e.Calls(contract.ConvertGuests))
}
