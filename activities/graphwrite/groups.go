package graphwrite

import (
	"context"
	"slices"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/graph"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
)

// CreateGroup makes the scope group: one attempt, like CreateApplication.
func (a *Activities) CreateGroup(ctx context.Context, in contract.NameIn) (contract.FoundOut, error) {
	ctx = watched(ctx)
	client, err := a.clients.Writer(in.Tenant.TenantID)
	if err != nil {
		return contract.FoundOut{}, err
	}
	g, err := client.CreateGroup(ctx, graph.NewGroup{
		DisplayName: in.Name, Nickname: in.Nickname,
		Description: "Managed by Entente: exactly the people that share " + in.Share.String() + " carries. Do not edit.",
	})
	if err != nil {
		return contract.FoundOut{}, err
	}
	return contract.FoundOut{Exists: true, ID: g.ID}, a.created(ctx, in.WriteIn, "group", g.ID, g)
}

// AddScopeMembers puts the people of a stored plan into the scope group. One who is gone meanwhile is left out
// and counted; the next plan sees why.
func (a *Activities) AddScopeMembers(ctx context.Context, in contract.ScopeIn) (contract.BatchOut, error) {
	ctx = watched(ctx)
	p, err := a.store.SharePlan(ctx, in.Org, in.PlanDigest)
	if err != nil {
		return contract.BatchOut{}, err
	}
	var people []string
	for _, c := range p.Changes {
		if c.Kind == plan.ScopeAdd {
			people = c.People
		}
	}
	client, err := a.ourGroup(ctx, "add people to the scope group", in.WriteIn, in.GroupID)
	if err != nil {
		return contract.BatchOut{}, err
	}
	if err := a.claim(ctx, in.WriteIn, "group", in.GroupID); err != nil {
		return contract.BatchOut{}, err
	}
	door, err := a.door(ctx, in.WriteIn)
	if err != nil {
		return contract.BatchOut{}, err
	}
	people = slices.DeleteFunc(slices.Clone(people), func(id string) bool { return slices.Contains(door.Out, ident.Person{Home: in.Share.Source, ID: id}) })
	outcomes, err := client.AddMembers(ctx, in.GroupID, people)
	if err != nil {
		return contract.BatchOut{}, repeatable(err)
	}
	out, err := judge(outcomes)
	if err != nil {
		return out, err
	}
	if err := a.backInScope(ctx, in.WriteIn, succeeded(outcomes)); err != nil {
		return out, err
	}
	return out, a.did(ctx, in.WriteIn, "add-scope-members", in.GroupID+"/"+in.PlanDigest,
		change{after: people, people: objects(in.Share.Source, succeeded(outcomes))})
}

// door is what the target says now. The plan knows what it said a while ago; this attempt may come much later.
func (a *Activities) door(ctx context.Context, in contract.WriteIn) (store.Door, error) {
	door, err := a.store.Door(ctx, in.Org, in.Share, a.now())
	if err == nil && door.Closed != "" {
		p := problem.New(problem.Stale, "add people to the scope group", "tenant "+string(in.Share.Target)+" takes nobody in: "+door.Closed)
		p.Tenant, p.Remedy = string(in.Share.Target), "its admins decide; entente inbox shows what waits for them"
		err = p
	}
	return door, err
}

// judge counts a batch: items that may be sent again fail the whole for another attempt; items refused for good
// are left to the next plan.
func judge(outcomes []graph.ItemOutcome) (contract.BatchOut, error) {
	var out contract.BatchOut
	var again error
	for _, o := range outcomes {
		switch {
		case o.Err == nil:
			out.Done++
		case problem.KindOf(o.Err).Retryable() || problem.KindOf(o.Err) == problem.Ambiguous:
			again = repeatable(o.Err)
		default:
			out.Failed++
		}
	}
	if again == nil && out.Done == 0 && out.Failed > 0 {
		again = outcomes[0].Err // nobody at all: the group itself is the matter
	}
	return out, again
}

// RemoveScopeMembers takes the announced people of a reduction out of the scope group. Each person's state moves
// on only when the group no longer holds them.
func (a *Activities) RemoveScopeMembers(ctx context.Context, in contract.ReductionRef) (contract.BatchOut, error) {
	ctx = watched(ctx)
	r, err := a.store.Reduction(ctx, in.Org, in.ID)
	if err != nil {
		return contract.BatchOut{}, err
	}
	var people []string
	for _, m := range r.Removals {
		if m.State == store.Announced {
			people = append(people, m.Person.ID)
		}
	}
	client, err := a.ourGroup(ctx, "take people out of the scope group", in.WriteIn, in.GroupID)
	if err != nil {
		return contract.BatchOut{}, err
	}
	outcomes, err := client.RemoveMembers(ctx, in.GroupID, people)
	if err != nil {
		return contract.BatchOut{}, repeatable(err)
	}
	out, failed := judge(outcomes)
	left := map[string]bool{}
	for _, o := range outcomes {
		left[o.ID] = o.Err == nil
	}
	r, err = store.UpdateReduction(ctx, a.store, in.Org, in.ID, func(r *store.Reduction) error {
		for i := range r.Removals {
			if m := &r.Removals[i]; m.State == store.Announced && left[m.Person.ID] {
				m.State, m.At = store.Removed, a.now()
			}
		}
		return nil
	})
	if err != nil {
		return out, err
	}
	if failed != nil {
		return out, failed
	}
	return out, a.did(ctx, in.WriteIn, "remove-scope-members", in.ID, change{before: people, people: removed(r)})
}

// removed are the people of a reduction who left the group, in this attempt or in one before.
func removed(r store.Reduction) []string {
	var out []string
	for _, m := range r.Removals {
		if m.State == store.Removed || m.State == store.Proven {
			out = append(out, store.PersonAnd(m.Person, r.Share.Target, m.ObjectID)...)
		}
	}
	return out
}

// backInScope ends the removal of people who are back in the scope group before it was proven: the engine may never
// have seen them leave, and the proof would be awaited for ever.
func (a *Activities) backInScope(ctx context.Context, in contract.WriteIn, ids []string) error {
	reductions, err := a.store.ListReductions(ctx, in.Org)
	if err != nil {
		return err
	}
	for _, r := range reductions {
		if r.Share != in.Share || r.Status != "removing" && r.Status != "proving" {
			continue
		}
		_, err := store.UpdateReduction(ctx, a.store, in.Org, r.ID, func(r *store.Reduction) error {
			for i, m := range r.Removals {
				if m.State == store.Removed && slices.Contains(ids, m.Person.ID) {
					r.Removals[i].State, r.Removals[i].Missing, r.Removals[i].At = store.Returned, "", a.now()
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// ReturnScopeMembers puts the people of a restore back into the scope group.
func (a *Activities) ReturnScopeMembers(ctx context.Context, in contract.ReductionRef) (contract.FoundOut, error) {
	ctx = watched(ctx)
	r, err := a.store.Reduction(ctx, in.Org, in.ID)
	if err != nil {
		return contract.FoundOut{}, err
	}
	client, err := a.clients.Writer(in.Tenant.TenantID)
	if err != nil {
		return contract.FoundOut{}, err
	}
	groups, err := client.GroupsByNickname(ctx, plan.GroupNickname(in.Org, in.Share))
	if err != nil {
		return contract.FoundOut{}, err
	}
	if len(groups) != 1 {
		return contract.FoundOut{}, problem.New(problem.NotFound, "find the scope group", "it is not there, or there is more than one")
	}
	door, err := a.door(ctx, in.WriteIn)
	if err != nil {
		return contract.FoundOut{}, err
	}
	if r, err = a.keptOut(ctx, in, door.Out); err != nil {
		return contract.FoundOut{}, err
	}
	var people []string
	for _, m := range r.Removals {
		if meant(in.People, m.Person) && m.State != store.Lost {
			people = append(people, m.Person.ID)
		}
	}
	outcomes, err := client.AddMembers(ctx, groups[0].ID, people)
	if err != nil {
		return contract.FoundOut{}, repeatable(err)
	}
	if outcomes, err = a.goneAtHome(ctx, client, in, outcomes); err != nil {
		return contract.FoundOut{}, err
	}
	if _, err := judge(outcomes); err != nil {
		return contract.FoundOut{}, err
	}
	return contract.FoundOut{Exists: true, ID: groups[0].ID}, a.did(ctx, in.WriteIn, "return-scope-members", in.ID,
		change{after: people, people: objects(in.Share.Source, succeeded(outcomes))})
}

// keptOut notes who cannot be put back because the target keeps them out: its decision stands until it releases them.
func (a *Activities) keptOut(ctx context.Context, in contract.ReductionRef, out []ident.Person) (store.Reduction, error) {
	return store.UpdateReduction(ctx, a.store, in.Org, in.ID, func(r *store.Reduction) error {
		for i := range r.Removals {
			if m := &r.Removals[i]; meant(in.People, m.Person) && m.State != store.Lost && slices.Contains(out, m.Person) {
				m.State, m.Missing, m.At = store.Lost, "the target keeps this person out", a.now()
			}
		}
		return nil
	})
}

// goneAtHome notes who cannot be put back because they are deleted at home: the engine brings back nobody whom the
// source does not have. It returns the outcomes of the others.
func (a *Activities) goneAtHome(ctx context.Context, client Graph, in contract.ReductionRef, outcomes []graph.ItemOutcome) ([]graph.ItemOutcome, error) {
	why := map[string]string{}
	var others []graph.ItemOutcome
	for _, o := range outcomes {
		reason, err := "", error(nil)
		if missing(o.Err) {
			reason, err = notAtHome(ctx, client, o.ID)
		}
		switch {
		case err != nil:
			return nil, err
		case reason == "":
			others = append(others, o)
		default:
			why[o.ID] = reason
		}
	}
	if len(why) == 0 {
		return others, nil
	}
	_, err := store.UpdateReduction(ctx, a.store, in.Org, in.ID, func(r *store.Reduction) error {
		for i := range r.Removals {
			if m := &r.Removals[i]; why[m.Person.ID] != "" && meant(in.People, m.Person) {
				m.State, m.Missing, m.At = store.Lost, why[m.Person.ID], a.now()
			}
		}
		return nil
	})
	return others, err
}

// notAtHome says why a person is not in the source; empty when they are.
func notAtHome(ctx context.Context, client Graph, id string) (string, error) {
	if _, err := client.User(ctx, id); !missing(err) {
		return "", err
	}
	switch _, err := client.DeletedUser(ctx, id); {
	case err == nil:
		return "deleted at home: restore them there first, then here", nil
	case missing(err):
		return "purged at home: there is nobody to bring back", nil
	default:
		return "", err
	}
}

// DeleteGroup removes the scope group of a drained share. Security groups have no recycle bin; this one held
// nothing but our own list.
func (a *Activities) DeleteGroup(ctx context.Context, in contract.AssignIn) error {
	ctx = watched(ctx)
	client, err := a.ourGroup(ctx, "delete the scope group", in.WriteIn, in.GroupID)
	if missing(err) {
		return a.gone(ctx, in.WriteIn, "group", in.GroupID, nil)
	}
	if err != nil {
		return err
	}
	if err := client.DeleteGroup(ctx, in.GroupID); err != nil && !missing(err) {
		return repeatable(err)
	}
	return a.gone(ctx, in.WriteIn, "group", in.GroupID, in.GroupID)
}

// ourGroup refuses a group that does not carry the share's nickname.
func (a *Activities) ourGroup(ctx context.Context, op string, in contract.WriteIn, id string) (Graph, error) {
	client, err := a.clients.Writer(in.Tenant.TenantID)
	if err != nil {
		return nil, err
	}
	g, err := client.Group(ctx, id)
	if err != nil {
		return nil, err
	}
	if g.MailNickname != plan.GroupNickname(in.Org, in.Share) {
		return nil, notOurs(op, in, id)
	}
	return client, nil
}
