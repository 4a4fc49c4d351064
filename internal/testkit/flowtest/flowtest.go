// Package flowtest runs workflows in Temporal's test environment with activities that are plain functions. Every
// call is noted, so that a test can state the order of effects.
package flowtest

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/temporalkit"
)

// The share and the tenants of these tests.
var (
	BtoC   = ident.Share{Source: "b", Target: "c"}
	Source = contract.TenantRef{Name: "b", TenantID: "0b000000-0000-4000-8000-00000000000b"}
	Target = contract.TenantRef{Name: "c", TenantID: "0c000000-0000-4000-8000-00000000000c"}
	Pace   = contract.Pace{Every: 40 * time.Minute, Poll: time.Minute}
	Run    = contract.RunInput{Org: "o", Share: BtoC, Source: Source, Target: Target, Seq: 1, Pace: Pace}
)

// Env is a test environment that notes calls.
type Env struct {
	*testsuite.TestWorkflowEnvironment
	T *testing.T

	mu      sync.Mutex
	calls   []string
	inputs  map[string][]json.RawMessage
	signals []Signal
}

// Signal is one that left the workflow.
type Signal struct {
	Workflow, Name string
	Arg            any
}

// New makes an environment that behaves as production's workers do. A test is over after an hour of real time at
// most; workflow time is skipped.
func New(t *testing.T) *Env {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	e := &Env{TestWorkflowEnvironment: suite.NewTestWorkflowEnvironment(), T: t, inputs: map[string][]json.RawMessage{}}
	e.SetWorkerOptions(worker.Options{
		Interceptors:             []interceptor.WorkerInterceptor{temporalkit.NewInterceptor(nil, nil)},
		DeadlockDetectionTimeout: time.Minute, // a busy machine is no deadlock
	})
	e.SetTestTimeout(time.Minute)
	return e
}

// On registers an activity that answers.
func On[In, Out any](e *Env, name string, do func(In) (Out, error)) {
	e.RegisterActivityWithOptions(func(_ context.Context, in In) (Out, error) {
		e.note(name, in)
		return do(in)
	}, activity.RegisterOptions{Name: name})
}

// Do registers an activity without an answer; nil does nothing.
func Do[In any](e *Env, name string, do func(In) error) {
	e.RegisterActivityWithOptions(func(_ context.Context, in In) error {
		e.note(name, in)
		if do == nil {
			return nil
		}
		return do(in)
	}, activity.RegisterOptions{Name: name})
}

// Child registers a child workflow as a plain function.
func Child[In, Out any](e *Env, name string, do func(workflow.Context, In) (Out, error)) {
	e.RegisterWorkflowWithOptions(func(ctx workflow.Context, in In) (Out, error) {
		e.note(name, in)
		return do(ctx, in)
	}, workflow.RegisterOptions{Name: name})
}

// HearSignals takes every signal to another workflow; answer may be nil.
func (e *Env) HearSignals(answer func(Signal) error) {
	e.OnSignalExternalWorkflow(mock.Anything, mock.Anything, mock.Anything, mock.Anything, mock.Anything).Return(
		func(_, id, _, name string, arg any) error {
			s := Signal{Workflow: id, Name: name, Arg: arg}
			e.mu.Lock()
			e.signals = append(e.signals, s)
			e.mu.Unlock()
			if answer == nil {
				return nil
			}
			return answer(s)
		})
}

func (e *Env) note(name string, in any) {
	raw, err := json.Marshal(in)
	require.NoError(e.T, err)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.calls = append(e.calls, name)
	e.inputs[name] = append(e.inputs[name], raw)
}

// Calls lists the noted calls in order; with names, only those.
func (e *Env) Calls(names ...string) []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(names) == 0 {
		return slices.Clone(e.calls)
	}
	var out []string
	for _, c := range e.calls {
		if slices.Contains(names, c) {
			out = append(out, c)
		}
	}
	return out
}

// Signals lists the signals of one name that left.
func (e *Env) Signals(name string) []Signal {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(e.signals), func(s Signal) bool { return s.Name != name })
}

// Inputs decodes what a call was given, in order.
func Inputs[In any](e *Env, name string) []In {
	e.mu.Lock()
	defer e.mu.Unlock()
	var out []In
	for _, raw := range e.inputs[name] {
		var in In
		require.NoError(e.T, json.Unmarshal(raw, &in))
		out = append(out, in)
	}
	return out
}

// Answer collects what became of an update.
type Answer struct {
	Rejected error // by the validator
	Err      error
	Result   any
	Done     bool
}

func (a *Answer) Accept()          {}
func (a *Answer) Reject(err error) { a.Rejected, a.Done = err, true }
func (a *Answer) Complete(result any, err error) {
	a.Result, a.Err, a.Done = result, err, true
}

// Update sends an update after a time.
func (e *Env) Update(after time.Duration, name string, arg any) *Answer {
	a := &Answer{}
	e.RegisterDelayedCallback(func() { e.UpdateWorkflow(name, "", a, arg) }, after)
	return a
}

// Later does something in the workflow's time.
func (e *Env) Later(after time.Duration, do func()) { e.RegisterDelayedCallback(do, after) }

type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}
