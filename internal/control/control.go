// Package control is the typed client to our workflows: what the API may ask of what is in flight. Every command
// with a key is safe to repeat: the key is Temporal's update ID, so the caller binds it to the command, its giver and
// its object. Errors are of package problem.
package control

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/temporalkit/failure"
	"entente.dev/entente/internal/topology"
)

// Control talks to the workflows of every organization of one Temporal namespace.
type Control struct {
	temporal   client.Client
	topologies store.Topologies
	address    string
}

// New returns a Control. address is Temporal's, for messages when it does not answer.
func New(temporal client.Client, topologies store.Topologies, address string) *Control {
	return &Control{temporal: temporal, topologies: topologies, address: address}
}

// Preview observes every tenant of a stored topology, plans it, and returns the stored plan. Two previews of
// the same topology at the same time are one.
func (c *Control) Preview(ctx context.Context, org, topologyDigest string) (contract.PlanRef, error) {
	revision, err := c.topologies.Topology(ctx, org, topologyDigest)
	if err != nil {
		return contract.PlanRef{}, err
	}
	t, problems := topology.Parse(revision.File, revision.Source)
	if len(problems) > 0 {
		return contract.PlanRef{}, problem.Wrap(problem.Invalid, "read the stored topology", problems)
	}
	in := contract.PreviewInput{Org: org, TopologyDigest: topologyDigest}
	for _, tenant := range t.Tenants {
		in.Tenants = append(in.Tenants, contract.TenantRef{Name: tenant.Name, TenantID: tenant.TenantID})
	}
	const window = 30 * time.Minute
	run, err := c.temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: "preview/" + org + "/" + ident.Short(topologyDigest), TaskQueue: contract.CoreQueue,
		WorkflowExecutionTimeout: window, WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
	}, contract.PreviewWorkflow, in)
	if err != nil {
		return contract.PlanRef{}, c.problem("start the preview", err)
	}
	var ref contract.PlanRef
	if err := run.Get(ctx, &ref); err != nil {
		return ref, c.problem("preview the plan", err)
	}
	return ref, nil
}

// Apply hands a topology to its organization, which is started when it does not run yet.
func (c *Control) Apply(ctx context.Context, org string, in contract.ApplyInput, key string) (contract.ApplyResult, error) {
	var out contract.ApplyResult
	if err := c.reach(ctx, "apply the topology"); err != nil {
		return out, err
	}
	start := c.temporal.NewWithStartWorkflowOperation(client.StartWorkflowOptions{
		ID: contract.OrganizationID(org), TaskQueue: contract.CoreQueue,
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
	}, contract.OrganizationWorkflow, contract.OrganizationState{Schema: 1, Org: org})
	handle, err := c.temporal.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: start,
		UpdateOptions: client.UpdateWorkflowOptions{
			WorkflowID: contract.OrganizationID(org), UpdateID: key, UpdateName: contract.ApplyUpdate,
			Args: []any{in}, WaitForStage: client.WorkflowUpdateStageCompleted,
		},
	})
	if err != nil {
		return out, c.problem("apply the topology", err)
	}
	if err := handle.Get(ctx, &out); err != nil {
		return out, c.problem("apply the topology", err)
	}
	return out, nil
}

// Decide answers the request that a workflow waits with.
func (c *Control) Decide(ctx context.Context, workflowID string, d contract.Decision, key string) (contract.DecisionResult, error) {
	var out contract.DecisionResult
	return out, c.update(ctx, "decide on the request", workflowID, contract.DecideUpdate, key, d, &out)
}

// Stop drains a share and takes it down; it returns when the share has taken the wish over.
func (c *Control) Stop(ctx context.Context, org string, s ident.Share, in contract.StopCommand, key string) error {
	return c.update(ctx, "stop the share", contract.ShareID(org, s), contract.StopUpdate, key, in, nil)
}

// Revoke takes a target's yes back; it returns when the share has taken the wish over.
func (c *Control) Revoke(ctx context.Context, org string, s ident.Share, in contract.RevokeCommand, key string) error {
	return c.update(ctx, "revoke the acceptance", contract.ShareID(org, s), contract.RevokeUpdate, key, in, nil)
}

// Restore undoes a reduction of a share; it returns when the share has taken the wish over.
func (c *Control) Restore(ctx context.Context, org string, s ident.Share, in contract.RestoreCommand, key string) error {
	return c.update(ctx, "restore people", contract.ShareID(org, s), contract.RestoreUpdate, key, in, nil)
}

// Revert turns the converted guests of a share back into guests.
func (c *Control) Revert(ctx context.Context, org string, s ident.Share, in contract.RevertCommand, key string) error {
	return c.update(ctx, "revert conversions", contract.ShareID(org, s), contract.RevertUpdate, key, in, nil)
}

// Continue opens the next ring of a share's paused rollout; it returns when the share has taken the wish over.
func (c *Control) Continue(ctx context.Context, org string, s ident.Share, in contract.ContinueCommand, key string) error {
	return c.update(ctx, "continue the rollout", contract.ShareID(org, s), contract.ContinueUpdate, key, in, nil)
}

// FactsChanged tells a share that a hold or an exclusion changed. A share that does not run has nothing to hear.
func (c *Control) FactsChanged(ctx context.Context, org string, s ident.Share) error {
	err := c.temporal.SignalWorkflow(ctx, contract.ShareID(org, s), "", contract.FactsChanged, nil)
	var missing *serviceerror.NotFound
	if err == nil || errors.As(err, &missing) {
		return nil
	}
	return c.problem("tell the share", err)
}

// Ping tells whether Temporal answers.
func (c *Control) Ping(ctx context.Context) error {
	if _, err := c.temporal.CheckHealth(ctx, &client.CheckHealthRequest{}); err != nil {
		return c.problem("reach Temporal", err)
	}
	return nil
}

// reach fails soon when Temporal does not answer: the SDK tries an update for a minute, and a person waits for it.
func (c *Control) reach(ctx context.Context, op string) error {
	const soon = 5 * time.Second
	ctx, cancel := context.WithTimeout(ctx, soon)
	defer cancel()
	if _, err := c.temporal.CheckHealth(ctx, &client.CheckHealthRequest{}); err != nil {
		return c.problem(op, err)
	}
	return nil
}

func (c *Control) update(ctx context.Context, op, workflowID, name, key string, in, out any) error {
	if err := c.reach(ctx, op); err != nil {
		return err
	}
	handle, err := c.temporal.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: workflowID, UpdateID: key, UpdateName: name, Args: []any{in}, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err != nil {
		return c.problem(op, err)
	}
	if err := handle.Get(ctx, out); err != nil {
		return c.problem(op, err)
	}
	return nil
}

// problem reads an error of Temporal: what a workflow said keeps its kind, a workflow that does not run is
// NotFound, a server that does not answer is Unavailable with its address.
func (c *Control) problem(op string, err error) error {
	var missing *serviceerror.NotFound
	if errors.As(err, &missing) {
		p := problem.New(problem.NotFound, op, "nothing of that name runs")
		p.Remedy = "entente status shows what runs; apply the topology to start it"
		return p
	}
	var down *serviceerror.Unavailable
	var late *serviceerror.DeadlineExceeded
	var unanswered *client.WorkflowUpdateServiceTimeoutOrCanceledError
	if errors.As(err, &down) || errors.As(err, &late) || errors.As(err, &unanswered) || errors.Is(err, context.DeadlineExceeded) {
		p := problem.New(problem.Unavailable, op, "Temporal at "+c.address+" does not answer")
		p.Remedy = "start it or correct the address; nothing is lost, work goes on where it was"
		return p
	}
	return failure.ProblemOf(err)
}
