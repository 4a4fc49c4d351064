package graphread

import (
	"context"
	"time"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/graph"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
)

// clockSkew is by how much Entra's clock and ours may differ.
const clockSkew = 5 * time.Minute

// CheckEngine looks at the source's job while accounts of a reduction are still live: does it hold deletions back, and,
// once it had its time, whom does it leave in the target for good.
func (a *Activities) CheckEngine(ctx context.Context, in contract.EngineIn) (contract.EngineOut, error) {
	client, err := a.clients.Reader(in.Tenant.TenantID)
	if err != nil {
		return contract.EngineOut{}, err
	}
	status, err := client.JobStatus(ctx, in.ServicePrincipalID, in.JobID)
	if err != nil {
		return contract.EngineOut{}, err
	}
	r, err := a.store.Reduction(ctx, in.Org, in.ID)
	if err != nil {
		return contract.EngineOut{}, err
	}
	if status.QuarantineReason == graph.TooManyDeletes {
		return a.heldBack(ctx, client, in, r, status)
	}
	var abandoned map[ident.Person]string
	if in.Late && status.Code == graph.CodeActive && status.QuarantineReason == "" {
		if abandoned, err = whomItLeaves(ctx, client, in, r, status); err != nil {
			return contract.EngineOut{}, err
		}
	}
	return a.engineSeen(ctx, in, func(r *store.Reduction) (out contract.EngineOut) {
		r.Staged = nil
		for i := range r.Removals {
			m := &r.Removals[i]
			if m.Missing == lacksRelease {
				m.Missing = lacksBin
			}
			if in.Late && lives(*m) {
				m.Abandoned = abandoned[m.Person]
			}
			if lives(*m) && m.Abandoned != "" {
				out.Abandoned++
			}
		}
		return out
	})
}

func (a *Activities) engineSeen(ctx context.Context, in contract.EngineIn, learn func(*store.Reduction) contract.EngineOut) (contract.EngineOut, error) {
	var out contract.EngineOut
	_, err := store.UpdateReduction(ctx, a.store, in.Org, in.ID, func(r *store.Reduction) error {
		out, r.UpdatedAt = learn(r), a.now()
		return nil
	})
	return out, err
}

// lives tells whether the target showed the account live when it was last looked at.
func lives(m store.Removal) bool {
	return m.State == store.Removed && m.ObjectID != "" && (m.Missing == lacksBin || m.Missing == lacksRelease || m.Abandoned != "")
}

// heldBack compares the deletions that the job holds back with what reductions of the share approved. The log shows
// rows late: while it shows fewer than the job's limit, it does not show all of them.
func (a *Activities) heldBack(ctx context.Context, client Graph, in contract.EngineIn, r store.Reduction, status graph.JobStatus) (contract.EngineOut, error) {
	since := r.OpenedAt
	if at := status.QuarantinedAt; !at.IsZero() && at.Before(since) {
		since = at
	}
	rows, err := client.ProvisioningLog(ctx, graph.ProvisioningQuery{JobID: in.JobID, Since: since.Add(-clockSkew)})
	if err != nil {
		return contract.EngineOut{}, err
	}
	approved, err := store.Leaving(ctx, a.store, in.Org, in.Share)
	if err != nil {
		return contract.EngineOut{}, err
	}
	ids, staged := graph.StagedDeletes(rows), map[ident.Person]bool{}
	var others []store.Staged
	for _, id := range ids {
		p := ident.Person{Home: in.Share.Source, ID: id}
		if staged[p] = true; !approved[p] {
			others = append(others, store.Staged{Person: p})
		}
	}
	return a.engineSeen(ctx, in, func(r *store.Reduction) contract.EngineOut {
		r.Staged = others
		for i := range r.Removals {
			if m := &r.Removals[i]; lives(*m) && staged[m.Person] {
				m.Missing = lacksRelease
			}
		}
		out := contract.EngineOut{TooMany: true, Unapproved: len(others)}
		if len(ids) >= max(in.Limit, 1) {
			out.Staged, out.Digest = len(ids), ident.Digest(ids)
		}
		return out
	})
}

// whomItLeaves are the live accounts that a healthy job, a whole cycle after their removal, did nothing about: of
// people disabled at home before they left, which Microsoft documents, and of people who are not there at all any more.
func whomItLeaves(ctx context.Context, client Graph, in contract.EngineIn, r store.Reduction, status graph.JobStatus) (map[ident.Person]string, error) {
	out := map[ident.Person]string{}
	for _, m := range r.Removals {
		if !lives(m) || !status.LastBegan.After(m.At) {
			continue
		}
		why, err := whyLeft(ctx, client, m.Person.ID)
		if err != nil {
			return nil, err
		}
		if why != "" {
			out[m.Person] = why
		}
	}
	if len(out) == 0 {
		return out, nil
	}
	rows, err := client.ProvisioningLog(ctx, graph.ProvisioningQuery{JobID: in.JobID, Since: r.OpenedAt.Add(-clockSkew)})
	for _, row := range rows {
		if row.Action == "delete" || row.Action == "stageddelete" { // it tried: a failure is tried again
			delete(out, ident.Person{Home: in.Share.Source, ID: row.SourceID})
		}
	}
	return out, err
}

func whyLeft(ctx context.Context, client Graph, id string) (string, error) {
	u, err := client.User(ctx, id)
	switch {
	case err == nil && !u.Enabled:
		return store.DisabledFirst, nil
	case err == nil || problem.KindOf(err) != problem.NotFound:
		return "", err
	}
	if _, err = client.DeletedUser(ctx, id); problem.KindOf(err) == problem.NotFound && err != nil {
		return store.PurgedAtHome, nil
	}
	return "", err
}

// whyLive says what the removal of a live account waits for.
func whyLive(m store.Removal) string {
	switch {
	case m.Kept != "":
		return "the engine leaves the account in the target: " + m.Abandoned + "; Entente leaves it too: " + m.Kept
	case m.Abandoned != "":
		return "the engine leaves the account in the target: " + m.Abandoned
	case m.Missing == lacksRelease:
		return m.Missing
	default:
		return lacksBin
	}
}
