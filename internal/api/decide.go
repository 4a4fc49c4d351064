package api

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/authn"
	"entente.dev/entente/internal/authz"
	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/topology"
)

type inApprove struct {
	IDPath
	KeyHeader
	Body wire.Approve
}

func (s *server) approve(ctx context.Context, in *inApprove) (wire.Decided, error) {
	r, err := s.open(ctx, in.Org, in.ID, authz.Approve)
	if err != nil {
		return wire.Decided{}, err
	}
	if in.Body.PlanDigest != "" && in.Body.PlanDigest != r.PlanDigest {
		return wire.Decided{}, s.moved(ctx, r, in.Body.PlanDigest)
	}
	if err := limitable(r, in.Body); err != nil {
		return wire.Decided{}, err
	}
	who := authn.From(ctx)
	d := contract.Decision{
		Approve: true, By: who.Name, Subject: who.ID(), Reason: in.Body.Reason, MaxUsers: in.Body.MaxUsers,
		ExistingGuests: in.Body.ExistingGuests, Rules: in.Body.Rules, PlanDigest: r.PlanDigest,
	}
	if in.Body.ExpiresAfter != "" {
		if d.ExpiresAfter, err = topology.ParseDuration(in.Body.ExpiresAfter); err != nil || d.ExpiresAfter <= 0 {
			return wire.Decided{}, invalid("approve", fmt.Sprintf("expiresAfter: %q is not a duration", in.Body.ExpiresAfter), `write for example "90d" or "12h"`)
		}
	}
	if err := s.leaveOut(ctx, r, in.Body, &d); err != nil {
		return wire.Decided{}, err
	}
	return s.decide(ctx, r, d, in.key())
}

// limitable refuses limits where a yes has none: it takes out everybody whom a reduction is about.
func limitable(r store.Request, in wire.Approve) error {
	if r.Kind != "reduction" {
		return nil
	}
	var given []string
	for _, limit := range []struct {
		name string
		set  bool
	}{
		{"exclusions", len(in.Exclusions) > 0}, {"rules", len(in.Rules) > 0}, {"maxUsers", in.MaxUsers != 0},
		{"existingGuests", in.ExistingGuests != ""}, {"expiresAfter", in.ExpiresAfter != ""},
	} {
		if limit.set {
			given = append(given, limit.name)
		}
	}
	if len(given) == 0 {
		return nil
	}
	return &problem.Error{Kind: problem.Invalid, Op: "approve", Tenant: string(r.Tenant),
		Detail: fmt.Sprintf("this is about people who leave, and a yes takes all of them out: %s cannot be given; nothing was decided", strings.Join(given, ", ")),
		Remedy: "reject it: nobody leaves then. Who is to stay has to be in the user set at home again; after the topology is applied anew you are asked about the others"}
}

type inReject struct {
	IDPath
	KeyHeader
	Body wire.Reason
}

func (s *server) reject(ctx context.Context, in *inReject) (wire.Decided, error) {
	r, err := s.open(ctx, in.Org, in.ID, authz.Reject)
	if err != nil {
		return wire.Decided{}, err
	}
	if strings.TrimSpace(in.Body.Reason) == "" {
		return wire.Decided{}, invalid("reject", "a no needs its reason", "say why; the asking side will read it")
	}
	who := authn.From(ctx)
	return s.decide(ctx, r, contract.Decision{By: who.Name, Subject: who.ID(), Reason: in.Body.Reason, PlanDigest: r.PlanDigest}, in.key())
}

// open finds a request that still waits. The check is for a good message; the workflow decides races.
func (s *server) open(ctx context.Context, org, id string, verb authz.Verb) (store.Request, error) {
	r, err := s.find(ctx, org, id, verb)
	if err != nil || r.Status == store.Waiting {
		return r, err
	}
	detail := fmt.Sprintf("the request is %s already", r.Status)
	if len(r.DecidedBy) > 0 {
		detail += " by " + strings.Join(r.DecidedBy, ", ")
	}
	return r, &problem.Error{Kind: problem.Conflict, Op: string(verb), Tenant: string(r.Tenant), Detail: detail,
		Remedy: "nothing is left to decide; see `entente inbox` for what waits"}
}

func (s *server) decide(ctx context.Context, r store.Request, d contract.Decision, key string) (wire.Decided, error) {
	result, err := s.Control.Decide(ctx, r.Workflow, d, key)
	if err != nil {
		return wire.Decided{}, ours403(err)
	}
	return wire.Decided{RequestID: r.ID, Status: result.Status, Missing: result.Missing}, nil
}

// leaveOut reads whom an answer leaves out, by name and by rule, and counts them: each once.
func (s *server) leaveOut(ctx context.Context, r store.Request, in wire.Approve, d *contract.Decision) error {
	if len(in.Exclusions)+len(in.Rules) == 0 {
		return nil
	}
	if err := checked(in.Rules); err != nil {
		return err
	}
	p, err := s.Store.SharePlan(ctx, r.Org, r.PlanDigest)
	if err != nil {
		return err
	}
	if d.Exclusions, err = excluded(p, in); err != nil {
		return err
	}
	home := &directory.Snapshot{}
	if len(in.Rules) > 0 {
		if home, err = s.home(ctx, r); err != nil {
			return err
		}
	}
	d.Excluded = len(plan.LeftOut(p, home, d.Exclusions, in.Rules))
	if d.Excluded > 0 && d.Excluded >= p.Counts.People+p.Counts.Waiting+p.Counts.Ringed {
		return invalid("approve", fmt.Sprintf("nobody would be left: all %d who would come in are left out; nothing was decided", d.Excluded), "leave fewer people out, or reject the request instead")
	}
	return nil
}

// home is the newest picture of the tenant whose people ask to come in.
func (s *server) home(ctx context.Context, r store.Request) (*directory.Snapshot, error) {
	home, _, _, err := s.Store.LatestSnapshot(ctx, r.Org, r.Share.Source)
	if err != nil && problem.KindOf(err) == problem.NotFound {
		return nil, &problem.Error{Kind: problem.Conflict, Op: "read the rules", Tenant: string(r.Share.Source),
			Detail: "that tenant was not observed yet, so nobody knows whom a rule leaves out", Remedy: "try again after its next observation, or leave people out by name"}
	}
	return home, err
}

// checked refuses rules that look at nothing, and those that leave everybody out: that is a no.
func checked(rules []plan.ExclusionRule) error {
	wrong := wire.From(&problem.Error{Kind: problem.Invalid, Op: "read the rules", Detail: "an exclusion rule is wrong; nothing was decided",
		Remedy: `write for example field "department" and match "Sales*"`})
	for i, r := range rules {
		err := r.Check()
		if err == nil && strings.Trim(r.Match, "* ") == "" {
			err = fmt.Errorf("%q leaves everybody out; reject the request instead", r.Match)
		}
		if err != nil {
			wrong.Errors = append(wrong.Errors, wire.Fault{Location: fmt.Sprintf("body.rules[%d]", i), Rule: "bad-rule", Message: err.Error()})
		}
	}
	if len(wrong.Errors) > 0 {
		return wrong
	}
	return nil
}

// excluded finds the people an admin leaves out by name among those the request is about.
func excluded(p *plan.SharePlan, in wire.Approve) ([]plan.Exclusion, error) {
	byUPN := make(map[string]ident.Person, len(p.Effects))
	for _, e := range p.Effects {
		byUPN[strings.ToLower(e.UPN)] = e.Person
	}
	var out []plan.Exclusion
	seen := map[ident.Person]bool{}
	wrong := wire.From(&problem.Error{Kind: problem.Invalid, Op: "approve", Detail: "somebody to be excluded is not in the request; nothing was decided",
		Remedy: "use the user principal names that the request lists"})
	for i, upn := range in.Exclusions {
		person, ok := byUPN[strings.ToLower(strings.TrimSpace(upn))]
		switch {
		case !ok:
			wrong.Errors = append(wrong.Errors, wire.Fault{Location: fmt.Sprintf("body.exclusions[%d]", i), Rule: "not-in-request", Message: upn + " is not in the request"})
		case !seen[person]:
			seen[person] = true
			out = append(out, plan.Exclusion{Person: person, Reason: in.ExclusionReason})
		}
	}
	if len(wrong.Errors) > 0 {
		return nil, wrong
	}
	return out, nil
}

// wouldLeaveOut is a page of those whom a rule fits, and how many it fits of all. It reads the whole list: nobody
// looks at it but while writing a rule.
func (s *server) wouldLeaveOut(ctx context.Context, r store.Request, text string, f store.PeopleFilter) (store.PeoplePage, int, error) {
	field, match, ok := strings.Cut(text, ":")
	rule := plan.ExclusionRule{Field: field, Match: match}
	if !ok {
		return store.PeoplePage{}, 0, invalid("read the rule", "a rule is written field:match", `for example "department:Sales*"`)
	}
	if err := checked([]plan.ExclusionRule{rule}); err != nil {
		return store.PeoplePage{}, 0, err
	}
	home, err := s.home(ctx, r)
	if err != nil {
		return store.PeoplePage{}, 0, err
	}
	p, err := s.Store.SharePlan(ctx, r.Org, r.PlanDigest)
	if err != nil {
		return store.PeoplePage{}, 0, err
	}
	out := map[ident.Person]bool{}
	for _, e := range plan.LeftOut(p, home, nil, []plan.ExclusionRule{rule}) {
		out[e.Person] = true
	}
	limit := f.Limit
	f.Limit = 0
	page, err := s.listed(ctx, r, f)
	page.People = slices.DeleteFunc(page.People, func(a store.AskedPerson) bool { return !out[a.Person] })
	page.People = page.People[:min(limit, len(page.People))]
	return page, len(out), err
}
