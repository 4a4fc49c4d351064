package client

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/authn"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/problem"
)

func query(pairs ...string) url.Values {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" && pairs[i+1] != "0" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	return q
}

// Ready asks whether the server is ready to serve.
func (c *Client) Ready(ctx context.Context) error {
	r, err := c.request(ctx, http.MethodGet, []string{"readyz"}, nil, nil)
	if err != nil {
		return err
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return c.noAnswer(ctx, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return c.asProblem(answer)
	}
	return nil
}

// SignIn tells how to sign in; it needs no token.
func (c *Client) SignIn(ctx context.Context) (wire.SignIn, error) {
	return call[wire.SignIn](ctx, c, http.MethodGet, []string{"v1", "sign-in"}, nil, nil)
}

// WhoAmI is the principal of this client's token.
func (c *Client) WhoAmI(ctx context.Context) (authn.Principal, error) {
	return call[authn.Principal](ctx, c, http.MethodGet, []string{"v1", "whoami"}, nil, nil)
}

// Organizations lists those the token may see.
func (c *Client) Organizations(ctx context.Context) ([]string, error) {
	out, err := call[wire.Organizations](ctx, c, http.MethodGet, []string{"v1", "organizations"}, nil, nil)
	return out.Organizations, err
}

// Validate checks a topology without looking at any tenant.
func (c *Client) Validate(ctx context.Context, in wire.Topology) (wire.Valid, error) {
	return call[wire.Valid](ctx, c, http.MethodPost, []string{"v1", "validate"}, nil, in)
}

// Plan shows what a topology would change.
func (c *Client) Plan(ctx context.Context, in wire.Topology) (wire.Plan, error) {
	return call[wire.Plan](ctx, c, http.MethodPost, []string{"v1", "plans"}, nil, in)
}

// StoredPlan is a plan by its digest.
func (c *Client) StoredPlan(ctx context.Context, name, digest string) (wire.Plan, error) {
	return call[wire.Plan](ctx, c, http.MethodGet, org(name, "plans", digest), nil, nil)
}

// Apply hands a topology over.
func (c *Client) Apply(ctx context.Context, in wire.Apply) (wire.Applied, error) {
	return call[wire.Applied](ctx, c, http.MethodPost, []string{"v1", "apply"}, nil, in)
}

// Status is where every share and tenant stands.
func (c *Client) Status(ctx context.Context, name string) (wire.Status, error) {
	return call[wire.Status](ctx, c, http.MethodGet, org(name, "status"), nil, nil)
}

// Share is one share.
func (c *Client) Share(ctx context.Context, name string, s ident.Share) (wire.Share, error) {
	return call[wire.Share](ctx, c, http.MethodGet, sharePath(name, s), nil, nil)
}

func sharePath(name string, s ident.Share, rest ...string) []string {
	return append(org(name, "shares", string(s.Source), string(s.Target)), rest...)
}

// Page asks for a part of a list; the zero page is the first one.
type Page struct {
	After string
	Limit int
}

// Coverage is a page of the matrix; person narrows it to names that contain it.
func (c *Client) Coverage(ctx context.Context, name, person string, p Page) (wire.Coverage, error) {
	return call[wire.Coverage](ctx, c, http.MethodGet, org(name, "coverage"),
		query("person", person, "after", p.After, "limit", strconv.Itoa(p.Limit)), nil)
}

// CoverageAll reads every page.
func (c *Client) CoverageAll(ctx context.Context, name, person string) (wire.Coverage, error) {
	all, err := c.Coverage(ctx, name, person, Page{Limit: 1000})
	for err == nil && all.Next != "" {
		var next wire.Coverage
		if next, err = c.Coverage(ctx, name, person, Page{After: all.Next, Limit: 1000}); err == nil {
			all.Rows, all.Next = append(all.Rows, next.Rows...), next.Next
		}
	}
	return all, err
}

// RequestFilter narrows a list of requests; zero fields do not.
type RequestFilter struct{ Tenant, Status, Kind string }

// Requests are questions to tenants, newest first.
func (c *Client) Requests(ctx context.Context, name string, f RequestFilter) (wire.Requests, error) {
	return call[wire.Requests](ctx, c, http.MethodGet, org(name, "requests"), query("tenant", f.Tenant, "status", f.Status, "kind", f.Kind), nil)
}

// Request is one question.
func (c *Client) Request(ctx context.Context, name, id string) (wire.Request, error) {
	return call[wire.Request](ctx, c, http.MethodGet, org(name, "requests", id), nil, nil)
}

// PeopleFilter narrows the people of a request; zero fields do not.
type PeopleFilter struct {
	Search, Action, From string
	Rule                 string // field:match of an exclusion rule: whom it would leave out
}

// RequestPeople is a page of who exactly a question is about.
func (c *Client) RequestPeople(ctx context.Context, name, id string, p Page) (wire.People, error) {
	return c.RequestPeopleWhere(ctx, name, id, PeopleFilter{}, p)
}

// RequestPeopleWhere is a page of those whom a filter lets through.
func (c *Client) RequestPeopleWhere(ctx context.Context, name, id string, f PeopleFilter, p Page) (wire.People, error) {
	return call[wire.People](ctx, c, http.MethodGet, org(name, "requests", id, "people"),
		query("search", f.Search, "action", f.Action, "from", f.From, "rule", f.Rule, "after", p.After, "limit", strconv.Itoa(p.Limit)), nil)
}

// Approve says yes.
func (c *Client) Approve(ctx context.Context, name, id string, in wire.Approve) (wire.Decided, error) {
	return call[wire.Decided](ctx, c, http.MethodPost, org(name, "requests", id, "approve"), nil, in)
}

// Reject says no.
func (c *Client) Reject(ctx context.Context, name, id, reason string) (wire.Decided, error) {
	return call[wire.Decided](ctx, c, http.MethodPost, org(name, "requests", id, "reject"), nil, wire.Reason{Reason: reason})
}

// Acceptances are what targets said yes to.
func (c *Client) Acceptances(ctx context.Context, name string) (wire.Acceptances, error) {
	return call[wire.Acceptances](ctx, c, http.MethodGet, org(name, "acceptances"), nil, nil)
}

// Acceptance is what the target of one share said yes to.
func (c *Client) Acceptance(ctx context.Context, name string, s ident.Share) (wire.Acceptance, error) {
	return call[wire.Acceptance](ctx, c, http.MethodGet, sharePath(name, s, "acceptance"), nil, nil)
}

// Holds are the people whom targets keep out or blocked.
func (c *Client) Holds(ctx context.Context, name string) (wire.Holds, error) {
	return call[wire.Holds](ctx, c, http.MethodGet, org(name, "holds"), nil, nil)
}

// Hold keeps a person out.
func (c *Client) Hold(ctx context.Context, name string, in wire.NewHold) (wire.Hold, error) {
	return call[wire.Hold](ctx, c, http.MethodPost, org(name, "holds"), nil, in)
}

// Release ends a hold; user is a user principal name or HOME/OBJECT-ID.
func (c *Client) Release(ctx context.Context, name, user string, tenant ident.Tenant) (wire.Hold, error) {
	holds, err := c.Holds(ctx, name)
	if err != nil {
		return wire.Hold{}, err
	}
	for _, h := range holds.Holds {
		if h.Tenant == tenant && (strings.EqualFold(h.UPN, user) || string(h.Person.Home)+"/"+h.Person.ID == user) {
			return call[wire.Hold](ctx, c, http.MethodDelete, org(name, "holds", string(tenant), string(h.Person.Home), h.Person.ID), nil, nil)
		}
	}
	p := failure(problem.NotFound, "release", user+" is not held in tenant "+string(tenant), "see `entente holds`")
	p.Status = http.StatusNotFound
	return wire.Hold{}, p
}

// Stop drains a share and removes its set-up.
func (c *Client) Stop(ctx context.Context, name string, s ident.Share, reason string) (wire.Accepted, error) {
	return call[wire.Accepted](ctx, c, http.MethodPost, sharePath(name, s, "stop"), nil, wire.Reason{Reason: reason})
}

// Revoke takes a target's yes back.
func (c *Client) Revoke(ctx context.Context, name string, s ident.Share, in wire.Revoke) (wire.Accepted, error) {
	return call[wire.Accepted](ctx, c, http.MethodPost, sharePath(name, s, "revoke"), nil, in)
}

// Continue opens the next ring of a paused rollout.
func (c *Client) Continue(ctx context.Context, name string, s ident.Share, reason string) (wire.Accepted, error) {
	return call[wire.Accepted](ctx, c, http.MethodPost, sharePath(name, s, "continue"), nil, wire.Reason{Reason: reason})
}

// RevertConversions turns converted guests back into guests.
func (c *Client) RevertConversions(ctx context.Context, name string, s ident.Share, reason string) (wire.Accepted, error) {
	return call[wire.Accepted](ctx, c, http.MethodPost, sharePath(name, s, "revert-conversions"), nil, wire.Reason{Reason: reason})
}

// Reductions are batches of people who left, newest first.
func (c *Client) Reductions(ctx context.Context, name string) (wire.Reductions, error) {
	return call[wire.Reductions](ctx, c, http.MethodGet, org(name, "reductions"), nil, nil)
}

// Restore brings people back.
func (c *Client) Restore(ctx context.Context, name string, in wire.Restore) (wire.Restored, error) {
	return call[wire.Restored](ctx, c, http.MethodPost, org(name, "restore"), nil, in)
}

// Ledger is a page of the ledger.
func (c *Client) Ledger(ctx context.Context, name string, p Page) (wire.Ledger, error) {
	return call[wire.Ledger](ctx, c, http.MethodGet, org(name, "ledger"), query("after", p.After, "limit", strconv.Itoa(p.Limit)), nil)
}

// Checkpoint signs the ledger as it stands.
func (c *Client) Checkpoint(ctx context.Context, name string) (wire.Checkpoint, error) {
	return call[wire.Checkpoint](ctx, c, http.MethodGet, org(name, "ledger", "checkpoint"), nil, nil)
}

// LedgerProof asks for the proof that the first so many entries are the ledger's beginning.
func (c *Client) LedgerProof(ctx context.Context, name string, from int64) (wire.LedgerProof, error) {
	return call[wire.LedgerProof](ctx, c, http.MethodGet, org(name, "ledger", "proof"), query("from", strconv.FormatInt(from, 10)), nil)
}

// History is one person's story; person is a user principal name or HOME/OBJECT-ID.
func (c *Client) History(ctx context.Context, name, person string, limit int) (wire.History, error) {
	return call[wire.History](ctx, c, http.MethodGet, org(name, "people", person, "history"), query("limit", strconv.Itoa(limit)), nil)
}

// ExportLedger writes the whole ledger as JSON lines. An error may come after a part was written.
func (c *Client) ExportLedger(ctx context.Context, name string, w io.Writer) error {
	r, err := c.request(ctx, http.MethodGet, org(name, "ledger", "export"), nil, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Accept", "application/jsonl, application/problem+json")
	answer, err := c.http.Do(r)
	if err != nil {
		return c.noAnswer(ctx, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return c.asProblem(answer)
	}
	if _, err := io.Copy(w, answer.Body); err != nil {
		return failure(problem.Unavailable, "export the ledger", "the export ended early: "+err.Error(), "export again; see the server's log when it happens again")
	}
	return nil
}

// VerifyLedger recomputes the ledger's chain on the server.
func (c *Client) VerifyLedger(ctx context.Context, name string) (wire.Verified, error) {
	return call[wire.Verified](ctx, c, http.MethodGet, org(name, "ledger", "verify"), nil, nil)
}

// Runs are passes of shares, newest first; share may be nil.
func (c *Client) Runs(ctx context.Context, name string, share *ident.Share, limit int) (wire.Runs, error) {
	only := ""
	if share != nil {
		only = string(share.Source) + "/" + string(share.Target)
	}
	return call[wire.Runs](ctx, c, http.MethodGet, org(name, "runs"), query("share", only, "limit", strconv.Itoa(limit)), nil)
}
