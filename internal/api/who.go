package api

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/topology"
)

// objectID is how Graph's ids look, and nothing that could be a name or a path.
var objectID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$`)

// person finds who is meant, among those whose home counts: by HOME/OBJECT-ID, or by the user principal name in the
// matrix, or in what was observed of the tenants. Whose home does not count is as unknown as somebody who is nowhere.
func (s *server) person(ctx context.Context, org, text string, counts func(home ident.Tenant) bool) (ident.Person, string, error) {
	text = strings.TrimSpace(text)
	if home, id, ok := strings.Cut(text, "/"); ok && home != "" && id != "" && !strings.Contains(text, "@") {
		if !objectID.MatchString(id) {
			return ident.Person{}, "", invalid("find the person", "what follows the slash is not an object id", "use the user principal name at home, for example bob@b.example, or HOME/OBJECT-ID")
		}
		if !counts(ident.Tenant(home)) {
			return ident.Person{}, "", nobody()
		}
		return ident.Person{Home: ident.Tenant(home), ID: id}, "", nil
	}
	c, _, err := s.Store.Coverage(ctx, org, store.CoverageFilter{Person: text})
	if err != nil && problem.KindOf(err) != problem.NotFound {
		return ident.Person{}, "", err
	}
	for _, row := range c.Rows {
		if strings.EqualFold(row.UPN, text) && counts(row.Person.Home) {
			return row.Person, row.UPN, nil
		}
	}
	return s.observed(ctx, org, text, counts)
}

func (s *server) observed(ctx context.Context, org, upn string, counts func(home ident.Tenant) bool) (ident.Person, string, error) {
	tenants, err := s.Store.TenantStatuses(ctx, org)
	if err != nil {
		return ident.Person{}, "", err
	}
	for _, t := range tenants {
		if !counts(t.Tenant) {
			continue
		}
		snapshot, _, _, err := s.Store.LatestSnapshot(ctx, org, t.Tenant)
		if err != nil && problem.KindOf(err) == problem.NotFound {
			continue
		}
		if err != nil {
			return ident.Person{}, "", err
		}
		for _, u := range snapshot.Users {
			if !u.External() && strings.EqualFold(u.UserPrincipalName, upn) {
				return ident.Person{Home: t.Tenant, ID: u.ID}, u.UserPrincipalName, nil
			}
		}
	}
	return ident.Person{}, "", nobody()
}

// everywhere is for readers whose answer is cut to what they may see afterwards.
func everywhere(ident.Tenant) bool { return true }

// sharing are the tenants that share with a tenant by the newest topology, or once did: itself among them. A tenant
// without any is none of the organization's.
func (s *server) sharing(ctx context.Context, org string, tenant ident.Tenant) (map[ident.Tenant]bool, error) {
	shares, err := s.declared(ctx, org)
	if err != nil {
		return nil, err
	}
	statuses, err := s.Store.ShareStatuses(ctx, org)
	if err != nil && problem.KindOf(err) != problem.NotFound {
		return nil, err
	}
	for _, status := range statuses {
		shares = append(shares, status.Share)
	}
	out := map[ident.Tenant]bool{}
	for _, share := range shares {
		if share.Source == tenant || share.Target == tenant {
			out[share.Source], out[share.Target] = true, true
		}
	}
	if len(out) == 0 {
		return nil, &problem.Error{Kind: problem.NotFound, Op: "find the tenant", Detail: fmt.Sprintf("no topology of this organization shares anybody with tenant %s", tenant),
			Remedy: "use the tenant's name in the topology"}
	}
	return out, nil
}

// declared are the shares of the newest topology, which may not be applied yet.
func (s *server) declared(ctx context.Context, org string) ([]ident.Share, error) {
	revision, err := s.Store.LatestTopology(ctx, org)
	if err != nil && problem.KindOf(err) == problem.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	t, faults := topology.Parse(revision.File, revision.Source)
	if len(faults) > 0 {
		return nil, problem.Wrap(problem.Bug, "read the stored topology", faults)
	}
	var out []ident.Share
	for _, share := range t.Shares {
		out = append(out, share.Share)
	}
	return out, nil
}
