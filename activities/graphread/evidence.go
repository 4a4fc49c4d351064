package graphread

import (
	"context"
	"slices"
	"time"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/graph"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
)

// What a proof still lacks.
const (
	lacksBin  = "the object is still live in the target"
	lacksLog  = "the provisioning log does not show the engine's deletion yet"
	lacksBoth = "the object is neither live nor in the recycle bin"
)

// CheckRemovals looks at the target for every removal of a reduction: in the recycle bin, still live, or gone.
func (a *Activities) CheckRemovals(ctx context.Context, in contract.ReductionRef) (contract.RemovalsOut, error) {
	r, standing, err := a.stand(ctx, in)
	if err != nil {
		return contract.RemovalsOut{}, err
	}
	for i := range r.Removals {
		m := &r.Removals[i]
		if m.State != store.Removed {
			continue
		}
		switch {
		case m.ObjectID == "":
			m.Missing, m.State, m.At = "", store.Proven, a.now() // never represented there
		case standing[m.ObjectID] == live:
			m.Missing = lacksBin
		case standing[m.ObjectID] == binned && m.LogID != "":
			m.Missing, m.State, m.At = "", store.Proven, a.now()
		case standing[m.ObjectID] == binned:
			m.Missing = lacksLog
		default:
			m.Missing = lacksBoth
		}
	}
	return a.saved(ctx, r, standing)
}

// CheckLog looks in the source's provisioning log for the engine's successful deletions, and links each person
// to the object that the log names.
func (a *Activities) CheckLog(ctx context.Context, in contract.ReductionRef) (contract.RemovalsOut, error) {
	client, err := a.clients.Reader(in.Tenant.TenantID)
	if err != nil {
		return contract.RemovalsOut{}, err
	}
	r, err := a.store.Reduction(ctx, in.Org, in.ID)
	if err != nil {
		return contract.RemovalsOut{}, err
	}
	const clockSkew = 5 * time.Minute
	rows, err := client.ProvisioningLog(ctx, graph.ProvisioningQuery{JobID: in.JobID, Since: r.OpenedAt.Add(-clockSkew)})
	if err != nil {
		return contract.RemovalsOut{}, err
	}
	var links []plan.Link
	for i := range r.Removals {
		m := &r.Removals[i]
		row, found := deletionOf(rows, *m)
		if m.State != store.Removed || !found {
			continue
		}
		m.LogID = row.ID
		if m.Missing == lacksLog {
			m.Missing, m.State, m.At = "", store.Proven, a.now()
		}
		links = append(links, plan.Link{Person: m.Person, Tenant: r.Share.Target, ObjectID: m.ObjectID})
	}
	if err := a.store.PutLinks(ctx, in.Org, links); err != nil {
		return contract.RemovalsOut{}, err
	}
	return a.saved(ctx, r, nil)
}

func deletionOf(rows []graph.ProvisioningRow, m store.Removal) (graph.ProvisioningRow, bool) {
	i := slices.IndexFunc(rows, func(row graph.ProvisioningRow) bool {
		return row.Action == "delete" && row.Status == "success" && row.TargetID == m.ObjectID
	})
	if i < 0 {
		return graph.ProvisioningRow{}, false
	}
	return rows[i], true
}

// CheckReturned looks for the people of a restore under the same object ids as before.
func (a *Activities) CheckReturned(ctx context.Context, in contract.ReductionRef) (contract.RemovalsOut, error) {
	r, standing, err := a.stand(ctx, in)
	if err != nil {
		return contract.RemovalsOut{}, err
	}
	out := contract.RemovalsOut{}
	for i := range r.Removals {
		m := &r.Removals[i]
		if !meant(in.People, m.Person) || m.ObjectID == "" {
			continue
		}
		out.Total++
		switch standing[m.ObjectID] {
		case live:
			out.Live++
			if m.State != store.Returned {
				m.State, m.Missing, m.At = store.Returned, "", a.now()
			}
		case binned:
			out.InBin++
		default:
			out.Gone++
		}
	}
	if !slices.ContainsFunc(r.Removals, func(m store.Removal) bool { return m.State != store.Returned }) {
		r.Status = "restored"
	}
	_, err = a.saved(ctx, r, nil)
	return out, err
}

func meant(people []ident.Person, p ident.Person) bool {
	return len(people) == 0 || slices.Contains(people, p)
}

type standing int

const (
	gone standing = iota
	live
	binned
)

// fewPeople are looked up one by one; more are read from the recycle bin's list.
const fewPeople = 20

// stand reads a reduction and where each of its objects stands in the target now.
func (a *Activities) stand(ctx context.Context, in contract.ReductionRef) (store.Reduction, map[string]standing, error) {
	client, err := a.clients.Reader(in.Tenant.TenantID)
	if err != nil {
		return store.Reduction{}, nil, err
	}
	r, err := a.store.Reduction(ctx, in.Org, in.ID)
	if err != nil {
		return r, nil, err
	}
	var ids []string
	for _, m := range r.Removals {
		if m.ObjectID != "" && meant(in.People, m.Person) {
			ids = append(ids, m.ObjectID)
		}
	}
	out := map[string]standing{}
	if len(ids) > fewPeople {
		err = client.DeletedUsers(ctx, func(u directory.User) error {
			out[u.ID] = binned
			return nil
		})
	}
	for _, id := range ids {
		if err != nil {
			return r, nil, err
		}
		if out[id] == gone {
			out[id], err = stands(ctx, client, id, len(ids) <= fewPeople)
		}
	}
	return r, out, err
}

func stands(ctx context.Context, client Graph, id string, bin bool) (standing, error) {
	_, err := client.User(ctx, id)
	if err == nil {
		return live, nil
	}
	if problem.KindOf(err) != problem.NotFound {
		return gone, err
	}
	if !bin {
		return gone, nil
	}
	_, err = client.DeletedUser(ctx, id)
	switch {
	case err == nil:
		return binned, nil
	case problem.KindOf(err) == problem.NotFound:
		return gone, nil
	default:
		return gone, err
	}
}

// saved stores what was learned and counts it.
func (a *Activities) saved(ctx context.Context, r store.Reduction, seen map[string]standing) (contract.RemovalsOut, error) {
	out := contract.RemovalsOut{Total: len(r.Removals)}
	for _, m := range r.Removals {
		switch {
		case m.State == store.Proven:
			out.Proven++
		case m.State == store.Returned:
			out.Returned++
		}
		switch seen[m.ObjectID] {
		case live:
			out.Live++
		case binned:
			out.InBin++
		case gone:
			out.Gone++
		}
	}
	r.UpdatedAt = a.now()
	r.Stamp.Seq++
	return out, a.store.PutReduction(ctx, r)
}

// LearnLinks reads who became which object from the engine's own log: the only place that says it. A row that is
// not there yet is learned another time.
func (a *Activities) LearnLinks(ctx context.Context, in contract.LearnIn) error {
	client, err := a.clients.Reader(in.Tenant.TenantID)
	if err != nil {
		return err
	}
	rows, err := client.ProvisioningLog(ctx, graph.ProvisioningQuery{JobID: in.JobID, Since: in.Since})
	if err != nil {
		return err
	}
	var links []plan.Link
	for _, row := range rows {
		brought := row.Status == "success" && row.Action == "create" && row.SourceID != "" && row.TargetID != ""
		if brought {
			links = append(links, plan.Link{Person: ident.Person{Home: in.Share.Source, ID: row.SourceID}, Tenant: in.Share.Target, ObjectID: row.TargetID})
		}
	}
	return a.store.PutLinks(ctx, in.Org, links)
}

// CheckGuests counts who, of the guests that a share plan converts, is still one.
func (a *Activities) CheckGuests(ctx context.Context, in contract.GuestsIn) (contract.GuestsOut, error) {
	client, err := a.clients.Reader(in.Tenant.TenantID)
	if err != nil {
		return contract.GuestsOut{}, err
	}
	p, err := a.store.SharePlan(ctx, in.Org, in.PlanDigest)
	if err != nil {
		return contract.GuestsOut{}, err
	}
	var out contract.GuestsOut
	for _, e := range p.Effects {
		if e.Action != plan.Adopt {
			continue
		}
		out.Total++
		u, err := client.User(ctx, e.ObjectID)
		if err != nil && problem.KindOf(err) != problem.NotFound {
			return out, err
		}
		if err == nil && u.UserType == directory.Guest {
			out.Guests++
		}
	}
	return out, nil
}
