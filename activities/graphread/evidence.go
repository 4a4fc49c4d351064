package graphread

import (
	"context"
	"slices"

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
	lacksBin = "the object is still live in the target"
	// The job is in quarantine: TooManyDeletes.
	lacksRelease = "Microsoft's engine holds the deletion back, because there are too many of them; it is released when all of them are approved removals"
	lacksLog     = "the provisioning log does not show the engine's deletion yet"
	lacksBoth    = "the object is neither live nor in the recycle bin"
	lacksName    = "no object in the target is known for this person; the provisioning log has to say whether there was one"
)

// CheckRemovals looks at the target for every removal of a reduction: in the recycle bin, still live, or gone.
func (a *Activities) CheckRemovals(ctx context.Context, in contract.ReductionRef) (contract.RemovalsOut, error) {
	standing, err := a.stand(ctx, in)
	if err != nil {
		return contract.RemovalsOut{}, err
	}
	return a.learned(ctx, in, standing, func(m *store.Removal) {
		if m.State != store.Removed {
			return
		}
		switch at := standing[m.ObjectID]; {
		case m.ObjectID == "":
			m.Missing = lacksName
		case at == live:
			m.Missing = whyLive(*m)
		case m.LogID != "" || m.Deleted != "": // in the bin, or emptied out of it since: the engine's own row, or our entry, stands for the deletion
			a.proven(m)
		case at == binned:
			m.Missing = lacksLog
		default:
			m.Missing = lacksBoth
		}
	})
}

func (a *Activities) proven(m *store.Removal) { m.Missing, m.State, m.At = "", store.Proven, a.now() }

// CheckLog looks in the source's provisioning log for the engine's successful deletions, and links each person
// to the object that the log names. A person without a known object is one that the engine never brought, unless
// the log says otherwise.
func (a *Activities) CheckLog(ctx context.Context, in contract.ReductionRef) (contract.RemovalsOut, error) {
	client, err := a.clients.Reader(in.Tenant.TenantID)
	if err != nil {
		return contract.RemovalsOut{}, err
	}
	r, err := a.store.Reduction(ctx, in.Org, in.ID)
	if err != nil {
		return contract.RemovalsOut{}, err
	}
	rows, err := client.ProvisioningLog(ctx, graph.ProvisioningQuery{JobID: in.JobID, Since: r.OpenedAt.Add(-clockSkew)})
	if err != nil {
		return contract.RemovalsOut{}, err
	}
	var links []plan.Link
	for _, m := range r.Removals {
		if _, found := deletionOf(rows, m); found && m.State == store.Removed {
			links = append(links, plan.Link{Person: m.Person, Tenant: r.Share.Target, ObjectID: m.ObjectID})
		}
	}
	if err := a.store.PutLinks(ctx, in.Org, links); err != nil {
		return contract.RemovalsOut{}, err
	}
	return a.learned(ctx, in, nil, func(m *store.Removal) {
		if m.State != store.Removed {
			return
		}
		if m.ObjectID == "" {
			if m.ObjectID = broughtAs(rows, m.Person); m.ObjectID == "" && m.Missing == lacksName {
				a.proven(m)
			}
			return
		}
		if row, found := deletionOf(rows, *m); found {
			m.LogID = row.ID
			if m.Missing == lacksLog || m.Missing == lacksBoth {
				a.proven(m)
			}
		}
	})
}

// broughtAs is the object that the engine made for a person; empty when its log shows none.
func broughtAs(rows []graph.ProvisioningRow, p ident.Person) string {
	for _, row := range rows {
		if row.Status == "success" && row.Action == "create" && row.SourceID == p.ID {
			return row.TargetID
		}
	}
	return ""
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

// stand reads where each object of a reduction stands in the target now.
func (a *Activities) stand(ctx context.Context, in contract.ReductionRef) (map[string]standing, error) {
	client, err := a.clients.Reader(in.Tenant.TenantID)
	if err != nil {
		return nil, err
	}
	r, err := a.store.Reduction(ctx, in.Org, in.ID)
	if err != nil {
		return nil, err
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
			return nil, err
		}
		if out[id] == gone {
			out[id], err = stands(ctx, client, id, len(ids) <= fewPeople)
		}
	}
	return out, err
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

// learned stores what was learned of each removal and counts it.
func (a *Activities) learned(ctx context.Context, in contract.ReductionRef, seen map[string]standing, learn func(*store.Removal)) (contract.RemovalsOut, error) {
	var out contract.RemovalsOut
	_, err := store.UpdateReduction(ctx, a.store, in.Org, in.ID, func(r *store.Reduction) error {
		out = contract.RemovalsOut{Total: len(r.Removals)}
		for i := range r.Removals {
			learn(&r.Removals[i])
			count(&out, r.Removals[i], seen)
		}
		if seen != nil && out.Live == 0 { // nobody's deletion is held back any more
			r.Staged = nil
		}
		r.UpdatedAt = a.now()
		return nil
	})
	return out, err
}

func count(out *contract.RemovalsOut, m store.Removal, seen map[string]standing) {
	switch m.State {
	case store.Proven:
		out.Proven++
	case store.Returned:
		out.Returned++
	case store.Lost:
		out.Lost++
	}
	switch seen[m.ObjectID] {
	case live:
		out.Live++
	case binned:
		out.InBin++
	default:
		out.Gone++
	}
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
	var entries []store.Entry
	for _, row := range rows {
		brought := row.Status == "success" && row.Action == "create" && row.SourceID != "" && row.TargetID != ""
		if row.Status == "success" && row.Action == "update" && row.IsType != "" && row.SourceID != "" && row.TargetID != "" {
			entries = append(entries, a.convertedEntry(in, row))
		}
		if brought {
			link := plan.Link{Person: ident.Person{Home: in.Share.Source, ID: row.SourceID}, Tenant: in.Share.Target, ObjectID: row.TargetID}
			links, entries = append(links, link), append(entries, a.broughtEntry(in, row, link))
		}
	}
	for part := range slices.Chunk(entries, 500) {
		if _, err := a.store.AppendAll(ctx, part); err != nil {
			return err
		}
	}
	return a.store.PutLinks(ctx, in.Org, links)
}

// convertedEntry tells of an existing account whose type the engine changed.
func (a *Activities) convertedEntry(in contract.LearnIn, row graph.ProvisioningRow) store.Entry {
	link := plan.Link{Person: ident.Person{Home: in.Share.Source, ID: row.SourceID}, Tenant: in.Share.Target, ObjectID: row.TargetID}
	e := a.broughtEntry(in, row, link)
	e.Verb, e.Key = "converted", "converted/"+row.ID
	e.Data["before"], e.Data["after"] = ident.Digest(row.WasType), ident.Digest(row.IsType)
	return e
}

// broughtEntry tells the ledger that the engine made an object for a person. The engine's row is its key: however
// often it is read, it is one entry.
func (a *Activities) broughtEntry(in contract.LearnIn, row graph.ProvisioningRow, link plan.Link) store.Entry {
	share := in.Share
	return store.Entry{
		Org: in.Org, At: a.now(), Actor: in.Run, Verb: "created", Object: row.TargetID, Tenant: share.Target, Share: &share, Key: "created/" + row.ID,
		Data: map[string]string{"provisioningLog": row.ID}, People: store.PersonAnd(link.Person, link.Tenant, link.ObjectID),
	}
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
