package apitest

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/topology"
)

// Control does at once what workflows do over hours, and remembers what it was told.
type Control struct {
	t     testing.TB
	store store.Store
	now   func() time.Time

	mu        sync.Mutex
	keys      map[string]bool
	done      bool
	topology  *topology.Topology
	Fatal     bool // Refuse every plan.
	Down      error
	Applied   []contract.ApplyInput
	Decisions []contract.Decision
	Stops     []contract.StopCommand
	Revokes   []contract.RevokeCommand
	Refuse    error // what the next decision or revocation is refused with
	Restores  []contract.RestoreCommand
	Reverts   []contract.RevertCommand
	Continues []contract.ContinueCommand
	Changed   []ident.Share
}

func (c *Control) must(err error) {
	if err != nil {
		c.t.Errorf("the world cannot store: %v", err)
	}
}

// repeated tells whether a command with this key was done already.
func (c *Control) repeated(key string) bool {
	was := c.keys[key]
	c.keys[key] = true
	return was
}

// Ping implements api.Control.
func (c *Control) Ping(context.Context) error { return c.Down }

// Preview implements api.Control.
func (c *Control) Preview(ctx context.Context, org, digest string) (contract.PlanRef, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.Down != nil {
		return contract.PlanRef{}, c.Down
	}
	rev, err := c.store.Topology(ctx, org, digest)
	if err != nil {
		return contract.PlanRef{}, err
	}
	t, faults := topology.Parse(rev.File, rev.Source)
	if len(faults) > 0 {
		return contract.PlanRef{}, faults
	}
	c.topology = t
	p := picture(t, c.done, c.Fatal)
	for i := range p.Shares {
		if err := c.store.PutSharePlan(ctx, org, &p.Shares[i]); err != nil {
			return contract.PlanRef{}, err
		}
	}
	return contract.PlanRef{Digest: p.Digest, Counts: p.Counts, Fatal: c.Fatal}, c.store.PutPlan(ctx, org, p)
}

// Apply implements api.Control: every share asks its target.
func (c *Control) Apply(ctx context.Context, org string, in contract.ApplyInput, key string) (contract.ApplyResult, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	result := contract.ApplyResult{TopologyDigest: in.TopologyDigest, Tenants: len(in.Tenants), Shares: len(in.Shares)}
	if c.repeated(key) {
		return result, nil
	}
	c.Applied = append(c.Applied, in)
	p := picture(c.topology, c.done, false)
	for _, t := range in.Tenants {
		now := c.now()
		c.must(c.store.PutTenantStatus(ctx, store.TenantStatus{Org: org, Tenant: t.Name, Stamp: store.Stamp{Run: len(c.Applied)}, ObservedAt: now, UpdatedAt: now}))
	}
	for i := range p.Shares {
		c.ask(ctx, org, &p.Shares[i])
	}
	c.must(c.store.PutCoverage(ctx, org, matrix(c.done), c.now()))
	return result, nil
}

func (c *Control) ask(ctx context.Context, org string, p *plan.SharePlan) {
	run := len(c.Applied)
	status := store.ShareStatus{Org: org, Share: p.Share, Stamp: store.Stamp{Run: run}, Phase: "in-sync", PlanDigest: p.Digest,
		People: p.Counts.People, InSync: true, UpdatedAt: c.now()}
	if !c.done {
		id := fmt.Sprintf("req-%s-%s-%d", p.Share.Source, p.Share.Target, run)
		status.Phase, status.InSync, status.RequestID = "waiting", false, id
		status.Detail = fmt.Sprintf("waits for tenant %s", p.Share.Target)
		c.must(c.store.PutRequest(ctx, store.Request{
			ID: id, Org: org, Kind: "acceptance", Share: p.Share, Tenant: p.Share.Target, PlanDigest: p.Digest, Why: "not accepted yet",
			People: p.Counts.People, MaxUsers: 500, Guests: p.Counts.Converts, Status: store.Waiting, Workflow: "workflow-of-" + id,
			OpenedAt: Start, ExpiresAt: Start.Add(14 * 24 * time.Hour),
		}))
	}
	c.must(c.store.PutShareStatus(ctx, status))
	c.must(c.store.PutRun(ctx, store.Run{Org: org, Share: p.Share, Seq: run, Trigger: "topology applied", Phase: status.Phase,
		PlanDigest: p.Digest, Changes: p.Counts.Changes, Outcome: "waiting", StartedAt: Start}))
}

// Decide implements api.Control.
func (c *Control) Decide(ctx context.Context, workflow string, d contract.Decision, key string) (contract.DecisionResult, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.Refuse != nil {
		return contract.DecisionResult{}, c.Refuse
	}
	r, err := c.store.Request(ctx, Org, strings.TrimPrefix(workflow, "workflow-of-"))
	if err != nil {
		return contract.DecisionResult{}, err
	}
	if !c.repeated(key) {
		c.Decisions = append(c.Decisions, d)
	}
	r.Status, r.DecidedBy, r.DecidedAt, r.Reason = store.Rejected, []string{d.By}, c.now(), d.Reason
	phase := "rejected"
	if d.Approve {
		r.Status, phase = store.Approved, "in-sync"
		c.must(c.store.PutEnvelope(ctx, Org, c.accepted(r, d)))
	}
	c.must(c.store.PutRequest(ctx, r))
	share := r.Share
	_, err = c.store.Append(ctx, store.Entry{Org: Org, At: c.now(), Actor: d.By, Verb: "decide", Object: r.ID, Tenant: r.Tenant, Share: &share, Key: "decide/" + r.ID})
	c.must(err)
	c.move(ctx, r.Share, phase)
	return contract.DecisionResult{Status: string(r.Status)}, nil
}

// accepted is what a yes said.
func (c *Control) accepted(r store.Request, d contract.Decision) plan.Envelope {
	return plan.Envelope{
		RequestID: r.ID, Share: r.Share, Sets: []string{string(r.Share.Source) + "-people"}, MaxUsers: cmp.Or(d.MaxUsers, r.MaxUsers), UserType: "Member",
		ExistingGuests: cmp.Or(d.ExistingGuests, "keep"), Exclusions: d.Exclusions, Rules: d.Rules, PlanDigest: d.PlanDigest,
		AcceptedBy: []string{d.By}, AcceptedAt: c.now(), ExpiresAt: c.now().Add(cmp.Or(d.ExpiresAfter, 90*24*time.Hour)),
	}
}

// move puts a share into a phase.
func (c *Control) move(ctx context.Context, s ident.Share, phase string) {
	status, err := c.store.ShareStatus(ctx, Org, s)
	c.must(err)
	status.Stamp.Seq++
	status.Phase, status.InSync, status.Detail, status.UpdatedAt = phase, phase == "in-sync", "", c.now()
	c.must(c.store.PutShareStatus(ctx, status))
}

// Finish is the engine's work: everybody is there.
func (c *Control) Finish(ctx context.Context) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done = true
	c.must(c.store.PutCoverage(ctx, Org, matrix(true), c.now()))
}

// Trouble gives a tenant a problem, or takes it away.
func (c *Control) Trouble(ctx context.Context, t ident.Tenant, p *problem.Error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.must(c.store.PutTenantStatus(ctx, store.TenantStatus{Org: Org, Tenant: t, Stamp: store.Stamp{Run: 1000}, Problem: p, UpdatedAt: c.now()}))
}

// Leave takes Barbara out of b's shares.
func (c *Control) Leave(ctx context.Context) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, target := range []ident.Tenant{"a", "c"} {
		c.must(c.store.PutEnvelope(ctx, Org, plan.Envelope{Share: ident.Share{Source: "b", Target: target}, MaxUsers: 500}))
		c.must(c.store.PutReduction(ctx, store.Reduction{
			ID: "red-b-" + string(target), Org: Org, Share: ident.Share{Source: "b", Target: target}, Status: "proven", Reason: "left the user set",
			OpenedAt: Start, UpdatedAt: c.now(), Removals: []store.Removal{{
				Person: barbara.person, UPN: barbara.upn, ObjectID: "barbara-in-" + string(target), State: store.Proven, LogID: "log-1", At: Start,
			}},
		}))
	}
}

// Stop implements api.Control.
func (c *Control) Stop(ctx context.Context, _ string, s ident.Share, cmd contract.StopCommand, key string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.repeated(key) {
		c.Stops = append(c.Stops, cmd)
		c.move(ctx, s, "stopped")
	}
	return c.Down
}

// Revoke implements api.Control.
func (c *Control) Revoke(ctx context.Context, _ string, s ident.Share, cmd contract.RevokeCommand, key string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.Refuse != nil {
		return c.Refuse
	}
	if !c.repeated(key) {
		c.Revokes = append(c.Revokes, cmd)
		c.move(ctx, s, map[string]string{contract.Freeze: "frozen", contract.DrainShare: "stopping"}[cmd.Mode])
	}
	return c.Down
}

// Restore implements api.Control.
func (c *Control) Restore(ctx context.Context, org string, _ ident.Share, cmd contract.RestoreCommand, key string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.repeated(key) {
		return nil
	}
	c.Restores = append(c.Restores, cmd)
	r, err := c.store.Reduction(ctx, org, cmd.ReductionID)
	c.must(err)
	for i := range r.Removals {
		r.Removals[i].State = store.Returned
	}
	r.Status, r.Stamp.Seq, r.UpdatedAt = "restored", r.Stamp.Seq+1, c.now()
	c.must(c.store.PutReduction(ctx, r))
	return nil
}

// Continue implements api.Control.
func (c *Control) Continue(ctx context.Context, _ string, s ident.Share, cmd contract.ContinueCommand, key string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.Refuse != nil {
		return c.Refuse
	}
	if !c.repeated(key) {
		c.Continues = append(c.Continues, cmd)
		c.move(ctx, s, "syncing")
	}
	return c.Down
}

// Revert implements api.Control.
func (c *Control) Revert(_ context.Context, _ string, _ ident.Share, cmd contract.RevertCommand, key string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.repeated(key) {
		c.Reverts = append(c.Reverts, cmd)
	}
	return nil
}

// FactsChanged implements api.Control.
func (c *Control) FactsChanged(_ context.Context, _ string, s ident.Share) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Changed = append(c.Changed, s)
	return nil
}
