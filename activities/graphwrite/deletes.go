package graphwrite

import (
	"context"
	"fmt"
	"time"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/graph"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
)

// DeleteBrought soft-deletes the accounts of a reduction that Microsoft's engine leaves in the target and that the core
// found to be ours (record.prove-brought). Each is read first and checked by itself: of somebody who lives elsewhere,
// managed in the cloud, held by nobody, and still off where that is why the engine left it. What fails the check is
// left, with the reason.
func (a *Activities) DeleteBrought(ctx context.Context, in contract.ReductionRef) (contract.BatchOut, error) {
	ctx = watched(ctx)
	var out contract.BatchOut
	client, err := a.clients.Writer(in.Tenant.TenantID)
	if err != nil {
		return out, err
	}
	r, err := a.store.Reduction(ctx, in.Org, in.ID)
	if err != nil {
		return out, err
	}
	if r.Share != in.Share || r.Share.Target != in.Tenant.Name || r.Status != "proving" {
		return out, problem.New(problem.Rejected, "delete what the engine leaves", "the reduction is not one of this share that is being proven")
	}
	blocked, err := a.blockedHere(ctx, in.WriteIn)
	if err != nil {
		return out, err
	}
	for _, m := range r.Removals {
		if m.State != store.Removed || m.ObjectID == "" || m.Abandoned == "" || m.Brought == "" || m.Kept != "" || m.Deleted != "" {
			continue
		}
		deleted, kept := false, ""
		if blocked[m.Person] {
			kept = "a hold of the target keeps it there, blocked"
		} else if deleted, kept, err = a.deleteOne(ctx, client, in, m); err != nil {
			return out, err
		}
		if deleted {
			out.Done++
		} else {
			out.Failed++
		}
		if err := a.noteDeletion(ctx, in, m.Person, deleted, kept); err != nil {
			return out, err
		}
	}
	return out, nil
}

// blockedHere are the people whose accounts a hold in force keeps in the target.
func (a *Activities) blockedHere(ctx context.Context, in contract.WriteIn) (map[ident.Person]bool, error) {
	holds, err := a.store.Holds(ctx, in.Org)
	if err != nil {
		return nil, err
	}
	out := map[ident.Person]bool{}
	for _, h := range holds {
		if h.Tenant == in.Tenant.Name && h.Kind == plan.HoldBlocked && !h.Over(a.now()) {
			out[h.Person] = true
		}
	}
	return out, nil
}

// deleteOne deletes one account, or says why it is kept. One that is not live any more is deleted only if an attempt
// of ours may have done it: otherwise the engine's log has to prove it.
func (a *Activities) deleteOne(ctx context.Context, client Graph, in contract.ReductionRef, m store.Removal) (deleted bool, kept string, err error) {
	u, err := client.User(ctx, m.ObjectID)
	if missing(err) {
		return a.deletedBefore(ctx, client, in, m)
	}
	if err != nil {
		return false, "", err
	}
	if kept := whyKept(u, m); kept != "" {
		return false, kept, nil
	}
	if err := client.DeleteUser(ctx, m.ObjectID); err != nil {
		if problem.KindOf(err) == problem.Rejected {
			return false, "Entra refuses to delete it", nil
		}
		return false, "", repeatable(err)
	}
	return true, "", a.deletion(ctx, in, m, map[string]string{"before": ident.Digest(u), "reason": m.Abandoned, "brought": m.Brought})
}

// whyKept is the check of the account itself.
func whyKept(u directory.User, m store.Removal) string {
	switch {
	case u.ID != m.ObjectID || !u.External():
		return "it is not of somebody who lives elsewhere"
	case u.OnPremisesSync:
		return "it is mastered on premises"
	case u.Enabled && m.Abandoned == store.DisabledFirst:
		return "its sign-in is on in the target"
	default:
		return ""
	}
}

func (a *Activities) deletedBefore(ctx context.Context, client Graph, in contract.ReductionRef, m store.Removal) (bool, string, error) {
	if _, number := a.attempt(ctx); number < 2 {
		return false, "", nil
	}
	if _, err := client.DeletedUser(ctx, m.ObjectID); err != nil {
		if missing(err) {
			err = nil
		}
		return false, "", err
	}
	return true, "", a.deletion(ctx, in, m, map[string]string{"note": "found done when the activity was repeated", "reason": m.Abandoned, "brought": m.Brought})
}

func deletionKey(in contract.ReductionRef, objectID string) string {
	return "delete-brought/" + in.ID + "/" + objectID
}

// deletion is the ledger's entry of a delete: there is no row of the engine's log for it, so that it is the proof,
// with the recycle bin.
func (a *Activities) deletion(ctx context.Context, in contract.ReductionRef, m store.Removal, data map[string]string) error {
	for k, v := range take(ctx) {
		data[k] = v
	}
	return store.AppendAbout(ctx, a.store, store.Entry{
		Org: in.Org, At: a.now(), Actor: in.Run, Verb: "delete-brought", Object: m.ObjectID, Tenant: in.Tenant.Name, Share: &in.Share,
		Key: deletionKey(in, m.ObjectID), Data: data,
	}, store.PersonAnd(m.Person, in.Tenant.Name, m.ObjectID))
}

func (a *Activities) noteDeletion(ctx context.Context, in contract.ReductionRef, p ident.Person, deleted bool, kept string) error {
	_, err := store.UpdateReduction(ctx, a.store, in.Org, in.ID, func(r *store.Reduction) error {
		for i := range r.Removals {
			m := &r.Removals[i]
			if m.Person != p {
				continue
			}
			if m.Kept = kept; deleted {
				m.Deleted = deletionKey(in, m.ObjectID)
			}
		}
		return nil
	})
	return err
}

// ReleaseDeletes lets a job make the deletions that it holds back (TooManyDeletes), if, read again now, they are exactly
// the ones that were looked at, and every one of them is an approved removal of the share. A job that holds nothing back
// any more needs nothing.
func (a *Activities) ReleaseDeletes(ctx context.Context, in contract.ReleaseIn) error {
	const op = "release the deletions that the engine holds back"
	ctx = watched(ctx)
	client, err := a.ourApp(ctx, op, contract.JobIn{WriteIn: in.WriteIn, ServicePrincipalID: in.ServicePrincipalID})
	if err != nil {
		return err
	}
	status, err := client.JobStatus(ctx, in.ServicePrincipalID, in.JobID)
	if err != nil {
		return err
	}
	if status.QuarantineReason != graph.TooManyDeletes {
		return a.found(ctx, in.WriteIn, "release-staged-deletes", in.JobID)
	}
	people, err := a.agreed(ctx, client, op, in, status)
	if err != nil {
		return err
	}
	first, err := a.first(ctx, in, status, people)
	if err != nil || !first {
		return err
	}
	if err := client.RestartJob(ctx, in.ServicePrincipalID, in.JobID, graph.ResetForceDeletes); err != nil {
		return repeatable(err)
	}
	return a.did(ctx, in.WriteIn, "release-staged-deletes", in.JobID, change{before: status, after: people, people: objects(in.Share.Source, people)})
}

// first lets one run release a stop of the job, whoever else sees it: each release takes the guard off a whole cycle, so
// that a second one would let deletions through that nobody looked at.
func (a *Activities) first(ctx context.Context, in contract.ReleaseIn, status graph.JobStatus, people []string) (bool, error) {
	e, err := a.store.Append(ctx, store.Entry{
		Org: in.Org, At: a.now(), Actor: in.Run, Verb: "agree-staged-deletes", Object: in.JobID, Tenant: in.Tenant.Name, Share: &in.Share,
		Key:  fmt.Sprintf("agree-staged-deletes/%s/%d/%s", in.JobID, status.QuarantinedAt.Unix(), in.Digest),
		Data: map[string]string{"staged": in.Digest, "people": fmt.Sprint(len(people)), "reduction": in.ID},
	})
	return err == nil && e.Actor == in.Run, err
}

// agreed are the staged deletions, all of them looked at and approved.
func (a *Activities) agreed(ctx context.Context, client Graph, op string, in contract.ReleaseIn, status graph.JobStatus) ([]string, error) {
	since := a.now().Add(-30 * 24 * time.Hour)
	if at := status.QuarantinedAt; !at.IsZero() {
		since = at.Add(-time.Hour)
	}
	rows, err := client.ProvisioningLog(ctx, graph.ProvisioningQuery{JobID: in.JobID, Since: since})
	if err != nil {
		return nil, err
	}
	staged := graph.StagedDeletes(rows)
	if len(staged) == 0 || ident.Digest(staged) != in.Digest {
		return nil, problem.New(problem.Stale, op, "they are not those that were looked at; they are looked at again")
	}
	leaving, err := store.Leaving(ctx, a.store, in.Org, in.Share)
	if err != nil {
		return nil, err
	}
	strangers := 0
	for _, id := range staged {
		if !leaving[ident.Person{Home: in.Share.Source, ID: id}] {
			strangers++
		}
	}
	if strangers > 0 {
		return nil, problem.New(problem.GuardTripped, op, fmt.Sprintf("%d of the %d are nobody's approved removal", strangers, len(staged)))
	}
	return staged, nil
}
