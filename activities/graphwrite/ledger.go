package graphwrite

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"go.temporal.io/sdk/activity"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/graph"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/ledger"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
)

// change is what a write did: the state before and after, of which the ledger keeps digests, and whom it is
// about (ledger.ObjectOf). A nil state is none: before a create, after a delete.
type change struct {
	before, after any
	people        []string
}

// trail gathers the request ids of the writes since the last entry of an activity.
type trail struct{ ids []string }

type trailKey struct{}

// watched lets did know the requests that Graph answers in ctx.
func watched(ctx context.Context) context.Context {
	t := &trail{}
	ctx = graph.WithRecorder(ctx, func(id string) { t.ids = append(t.ids, id) })
	return context.WithValue(ctx, trailKey{}, t)
}

// take returns the ids so far and forgets them. A group of a hundred thousand takes thousands of requests: the
// first few lead support to the rest.
func take(ctx context.Context) map[string]string {
	t, ok := ctx.Value(trailKey{}).(*trail)
	if !ok || len(t.ids) == 0 {
		return nil
	}
	const few = 10
	out := map[string]string{"requestId": strings.Join(t.ids[:min(few, len(t.ids))], " ")}
	if len(t.ids) > few {
		out["requests"] = fmt.Sprint(len(t.ids))
	}
	t.ids = nil
	return out
}

// attemptOf says which activity this is, and which attempt at it.
func attemptOf(ctx context.Context) (id string, number int32) {
	if !activity.IsActivity(ctx) {
		return "", 1
	}
	info := activity.GetInfo(ctx)
	return info.WorkflowExecution.RunID + "/" + info.ActivityID, info.Attempt
}

// did appends a write to the ledger. The key is the run, the object and the activity, so that a repeat of the
// activity is one entry, and another activity that writes the same again is another.
func (a *Activities) did(ctx context.Context, in contract.WriteIn, verb, object string, c change) error {
	data := map[string]string{}
	if c.before != nil {
		data["before"] = ident.Digest(c.before)
	}
	if c.after != nil {
		data["after"] = ident.Digest(c.after)
	}
	maps.Copy(data, take(ctx))
	return a.append(ctx, in, verb, object, data, c.people)
}

func (a *Activities) append(ctx context.Context, in contract.WriteIn, verb, object string, data map[string]string, people []string) error {
	key := in.Run + "/" + verb + "/" + object
	if id, _ := a.attempt(ctx); id != "" { // an activity writes an object once, whatever the write is then called
		key = in.Run + "/" + object + "/" + id
	}
	return store.AppendAbout(ctx, a.store, store.Entry{
		Org: in.Org, At: a.now(), Actor: in.Run, Verb: verb, Object: object, Tenant: in.Tenant.Name, Share: &in.Share, Key: key, Data: data,
	}, people)
}

// found is for a write that needed none. At a repeat the first attempt may have written and failed to say so:
// then the entry is made up for, and tells how.
func (a *Activities) found(ctx context.Context, in contract.WriteIn, verb, object string, people ...string) error {
	if _, number := a.attempt(ctx); number < 2 {
		return nil
	}
	return a.append(ctx, in, verb, object, map[string]string{"note": "found done when the activity was repeated"}, people)
}

// created records what a create made. When the record fails, the object stands all the same: the answer is
// Ambiguous, so that the workflow looks for it instead of creating another.
func (a *Activities) created(ctx context.Context, in contract.WriteIn, kind, id string, after any) error {
	if err := a.made(ctx, in, kind, id, after); err != nil {
		return problem.Wrap(problem.Ambiguous, "record the new "+kind, err)
	}
	return nil
}

// claim makes up for a create whose answer, or whose record, was lost: the object carries our marker, and nothing
// says yet that we own it.
func (a *Activities) claim(ctx context.Context, in contract.WriteIn, kind, id string) error {
	ours, err := a.owns(ctx, in.Org, id)
	if err != nil || ours {
		return err
	}
	err = store.AppendAbout(ctx, a.store, store.Entry{
		Org: in.Org, At: a.now(), Actor: in.Run, Verb: "claim-" + kind, Object: id, Tenant: in.Tenant.Name, Share: &in.Share,
		Key: "claim-" + kind + "/" + id, Data: map[string]string{"note": "found by its marker; the answer to its creation was lost"},
	}, nil)
	if err != nil {
		return err
	}
	return a.store.PutOwned(ctx, in.Org, store.Owned{ID: id, Kind: kind, Tenant: in.Tenant.Name, Share: in.Share, At: a.now()})
}

// made records an object that we created, then the write.
func (a *Activities) made(ctx context.Context, in contract.WriteIn, kind, id string, after any) error {
	err := a.store.PutOwned(ctx, in.Org, store.Owned{ID: id, Kind: kind, Tenant: in.Tenant.Name, Share: in.Share, At: a.now()})
	if err != nil {
		return err
	}
	return a.did(ctx, in, "create-"+kind, id, change{after: after})
}

// gone forgets an object that we deleted. before is nil when it was gone already.
func (a *Activities) gone(ctx context.Context, in contract.WriteIn, kind, id string, before any) error {
	if err := a.store.DropOwned(ctx, in.Org, id); err != nil {
		return err
	}
	return a.did(ctx, in, "delete-"+kind, id, change{before: before})
}

// owns tells whether the ledger says that we made something.
func (a *Activities) owns(ctx context.Context, org, id string) (bool, error) {
	owned, err := a.store.Owned(ctx, org)
	for _, o := range owned {
		if o.ID == id {
			return true, err
		}
	}
	return false, err
}

// objects names directory objects of one tenant for the ledger.
func objects(tenant ident.Tenant, ids []string) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = ledger.ObjectOf(tenant, id)
	}
	return out
}

// succeeded are the ids whose outcome is a success.
func succeeded(outcomes []graph.ItemOutcome) []string {
	var out []string
	for _, o := range outcomes {
		if o.Err == nil {
			out = append(out, o.ID)
		}
	}
	return out
}
