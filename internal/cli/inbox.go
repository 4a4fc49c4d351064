package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"entente.dev/entente/internal/api/client"
	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/store"
)

// asked is one request with the people it is about.
type asked struct {
	store.Request
	Summary wire.Prospect       `json:"summary"`
	Who     []store.AskedPerson `json:"who"`
	Total   int                 `json:"total"`
}

func (r *run) inboxCommand() *cobra.Command {
	var tenant, search string
	var limit int
	var all bool
	cmd := &cobra.Command{
		Use: "inbox", Short: "Show who exactly asks to come in, and what else waits for an answer", Args: cobra.NoArgs,
		Example: "  entente inbox --tenant c\n  entente inbox --tenant c --people 1000 -o json\n  entente inbox --search åsa",
		RunE: r.connected(func(ctx context.Context, c *client.Client, org string, _ []string) error {
			tenant, err := ownTenant(ctx, c, tenant)
			if err != nil {
				return err
			}
			f := client.RequestFilter{Tenant: tenant, Status: string(store.Waiting)}
			if all {
				f.Status = ""
			}
			found, err := c.Requests(ctx, org, f)
			if err != nil {
				return err
			}
			out := []asked{}
			for _, request := range found.Requests {
				q, err := r.asked(ctx, c, org, request, search, limit)
				if err != nil {
					return err
				}
				out = append(out, q)
			}
			return r.show(map[string]any{"requests": out}, func() { r.showInbox(out, tenant) })
		}),
	}
	cmd.Flags().StringVar(&tenant, "tenant", "", "whose inbox (default: your own tenant's, or every one that you may see)")
	cmd.Flags().IntVar(&limit, "people", 100, "how many people of each request to show, 1000 at most")
	cmd.Flags().StringVar(&search, "search", "", "only people whose user principal name, name or mail address contains this")
	cmd.Flags().BoolVar(&all, "all", false, "answered requests too")
	return cmd
}

func (r *run) asked(ctx context.Context, c *client.Client, org string, request store.Request, search string, limit int) (asked, error) {
	found, err := c.Request(ctx, org, request.ID)
	if err != nil {
		return asked{}, err
	}
	people, err := c.RequestPeopleWhere(ctx, org, request.ID, client.PeopleFilter{Search: search}, client.Page{Limit: limit})
	return asked{Request: found.Request, Summary: found.Summary, Who: people.People, Total: people.Total}, err
}

// ownTenant: a tenant admin means its own tenant without saying so.
func ownTenant(ctx context.Context, c *client.Client, tenant string) (string, error) {
	if tenant != "" {
		return tenant, nil
	}
	who, err := c.WhoAmI(ctx)
	if own := who.Decides(""); err == nil && len(own) == 1 {
		return string(own[0]), nil
	}
	return "", err
}

func (r *run) showInbox(requests []asked, tenant string) {
	if len(requests) == 0 {
		r.printf("nothing waits%s\n", map[bool]string{true: " for tenant " + tenant}[tenant != ""])
		return
	}
	for i, q := range requests {
		if i > 0 {
			r.printf("\n")
		}
		r.printf("%s\n", r.paint(bold, fmt.Sprintf("%s  %s  %s", q.ID, q.Share, q.Status)))
		wish := verb(q.People, "asks", "ask") + " to come into"
		if q.Kind == "reduction" {
			wish = "would leave"
		}
		r.printf("  %s from %s %s %s", count(q.People, "person"), q.Share.Source, wish, q.Tenant)
		if q.MaxUsers > 0 {
			r.printf(" (cap %d)", q.MaxUsers)
		}
		if q.Guests > 0 {
			r.printf("; %d already there as guest", q.Guests)
		}
		r.printf("\n  why: %s · plan %s · opened %s · expires %s\n", q.Why, short(q.PlanDigest), when(q.OpenedAt), when(q.ExpiresAt))
		if q.Approvers > 1 {
			r.printf("  agreed: %d of %d%s\n", len(q.Approvals), q.Approvers, within(q.Approvals))
		}
		for _, n := range q.Summary.Notes {
			mark := "·"
			if n.Warning {
				mark = r.paint(yellow, "!")
			}
			r.printf("  %s %s\n", mark, n.Text)
		}
		t := &table{indent: "    "}
		t.add(header("name", "user principal name", "as", "now", "note")...)
		for _, e := range q.Who {
			t.add(text(e.Name, e.UPN, e.To, e.From, note(e))...)
		}
		r.write(t)
		if q.Total > len(q.Who) {
			r.printf("    … and %d more; --people %d shows them\n", q.Total-len(q.Who), min(q.Total, 1000))
		}
		if q.Status == store.Waiting {
			r.printf("  decide: entente approve %s --plan %s\n     or:  entente reject %s --reason …\n", q.ID, q.PlanDigest, q.ID)
		}
	}
}

func note(e store.AskedPerson) string {
	out := e.Reason
	if e.Action != plan.Create && e.Action != plan.KeepOne {
		out = strings.TrimSuffix(fmt.Sprintf("%s: %s", e.Action, e.Reason), ": ")
	}
	if e.Note != "" {
		out = strings.TrimPrefix(out+"; "+e.Note, "; ")
	}
	return out
}

// within puts names in brackets, where there are any.
func within(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return " (" + strings.Join(names, ", ") + ")"
}

func (r *run) approveCommand() *cobra.Command {
	var in wire.Approve
	var tenant string
	var all bool
	var rules []string
	cmd := &cobra.Command{
		Use: "approve REQUEST | --tenant TENANT --all", Short: "Say yes for your tenant, within limits", Args: cobra.MaximumNArgs(1),
		Long:    "Say yes for your tenant. What is left out stays as asked. Only the tenant's own admin can. With --plan, as the inbox\nshows it, the yes is to exactly the people you saw; without it, to those who ask at this moment. A yes to people who\nleave has no limits.\nExit code 4: a further approver is needed.",
		Example: "  entente approve REQUEST --plan DIGEST\n  entente approve REQUEST --max-users 100 --existing-guests convert\n  entente approve --tenant c --all\n  entente approve REQUEST --exclude barbara@b.example\n  entente approve REQUEST --exclude-rule \"department:Sales*\" --exclude-reason \"not part of the project\"",
		RunE: r.connected(func(ctx context.Context, c *client.Client, org string, args []string) error {
			for _, text := range rules {
				field, match, ok := strings.Cut(text, ":")
				if !ok {
					return fmt.Errorf("--exclude-rule %s: write field:match, for example department:Sales*", text)
				}
				in.Rules = append(in.Rules, plan.ExclusionRule{Field: field, Match: match, Reason: in.ExclusionReason})
			}
			requests, err := chosen(ctx, c, org, args, tenant, all)
			if err != nil {
				return err
			}
			if all && limited(in) {
				requests = r.limitable(requests)
			}
			return r.approve(ctx, c, org, requests, in)
		}),
	}
	f := cmd.Flags()
	f.StringVar(&tenant, "tenant", "", "with --all: whose requests")
	f.BoolVar(&all, "all", false, "every request that waits for the tenant")
	f.IntVar(&in.MaxUsers, "max-users", 0, "accept this many people at most (default: as asked)")
	f.StringVar(&in.ExistingGuests, "existing-guests", "", "keep or convert people who are guests already (default: as asked)")
	f.StringSliceVar(&in.Exclusions, "exclude", nil, "user principal name of somebody who stays out; may be repeated")
	f.StringArrayVar(&rules, "exclude-rule", nil, "field:match of people who stay out, now and later; field is upn, mail, name, department or jobTitle, * stands for anything; may be repeated")
	f.StringVar(&in.ExclusionReason, "exclude-reason", "", "why they stay out")
	f.StringVar(&in.ExpiresAfter, "expires-after", "", "how long the yes holds, for example 90d (default: as asked)")
	f.StringVar(&in.Reason, "reason", "", "recorded in the ledger")
	f.StringVar(&in.PlanDigest, "plan", "", "the plan you saw; refused when the request is about another one by now")
	return cmd
}

// limited: a yes within limits is for people who come in.
func limited(in wire.Approve) bool {
	return in.MaxUsers != 0 || in.ExistingGuests != "" || in.ExpiresAfter != "" || len(in.Exclusions)+len(in.Rules) > 0
}

// limitable leaves questions about people who leave to an answer of their own, and says so.
func (r *run) limitable(requests []store.Request) []store.Request {
	out := slices.DeleteFunc(slices.Clone(requests), func(q store.Request) bool { return q.Kind == "reduction" })
	if left := len(requests) - len(out); left > 0 {
		r.note("%s about people who leave not answered: limits are for people who come in\n", count(left, "request"))
	}
	return out
}

// chosen are the requests meant; with --all those that wait, with the plans they are about at this moment.
func chosen(ctx context.Context, c *client.Client, org string, args []string, tenant string, all bool) ([]store.Request, error) {
	if len(args) == 1 && !all {
		request, err := c.Request(ctx, org, args[0])
		return []store.Request{request.Request}, err
	}
	if len(args) == 1 || !all {
		return nil, errors.New("name one request, or give --all (with --tenant)")
	}
	tenant, err := ownTenant(ctx, c, tenant)
	if err != nil {
		return nil, err
	}
	if tenant == "" {
		return nil, errors.New("--all needs --tenant")
	}
	found, err := c.Requests(ctx, org, client.RequestFilter{Tenant: tenant, Status: string(store.Waiting)})
	return found.Requests, err
}

func (r *run) approve(ctx context.Context, c *client.Client, org string, requests []store.Request, in wire.Approve) error {
	out := []wire.Decided{}
	missing := 0
	for _, q := range requests {
		answer := in
		if seen(answer.PlanDigest, q.PlanDigest) {
			answer.PlanDigest = q.PlanDigest
		}
		decided, err := c.Approve(ctx, org, q.ID, answer)
		if err != nil {
			return fmt.Errorf("%s (%s): %w", q.ID, q.Share, err)
		}
		missing += decided.Missing
		out = append(out, decided)
		if r.format == "table" {
			more := ""
			if decided.Missing > 0 {
				more = fmt.Sprintf("; needs %s", count(decided.Missing, "more approver"))
			}
			r.printf("%s  %s: %s%s\n", q.Share, q.ID, decided.Status, more)
		}
	}
	if err := r.show(map[string]any{"decided": out}, func() {
		if len(out) == 0 {
			r.printf("nothing waits\n")
		}
	}); err != nil {
		return err
	}
	if missing > 0 {
		return &ended{code: ExitWaiting}
	}
	return nil
}

// seen: a digest may be given as people compare it, by its beginning; without one it is the plan of this moment.
func seen(given, now string) bool {
	return given == "" || len(given) >= len(short(now)) && strings.HasPrefix(now, given)
}

func (r *run) rejectCommand() *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use: "reject REQUEST", Short: "Say no for your tenant", Args: cobra.ExactArgs(1), Example: `  entente reject REQUEST --reason "ask us again after the merger"`,
		RunE: r.connected(func(ctx context.Context, c *client.Client, org string, args []string) error {
			decided, err := c.Reject(ctx, org, args[0], reason)
			if err != nil {
				return err
			}
			return r.show(decided, func() { r.printf("%s: %s\n", args[0], decided.Status) })
		}),
	}
	reasonFlag(cmd, &reason)
	return cmd
}

func reasonFlag(cmd *cobra.Command, reason *string) {
	cmd.Flags().StringVar(reason, "reason", "", "why; recorded in the ledger")
	_ = cmd.MarkFlagRequired("reason") // fails only for a flag that does not exist
}
