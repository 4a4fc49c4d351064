package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"entente.dev/entente/internal/api/client"
	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/store"
)

func (r *run) historyCommand() *cobra.Command {
	var after, user string
	var limit int
	cmd := &cobra.Command{
		Use: "history [--user USER]", Short: "Show every decision and every write, or one person's story", Args: cobra.NoArgs,
		Long: "Show every decision and every write in order, or with --user one person's story over all tenants: the\n" +
			"questions and answers about shares that carry them, and what was done to their accounts.",
		Example: "  entente history\n  entente history --after 1200 --limit 50\n  entente history --user bob@b.example",
		RunE: r.connected(func(ctx context.Context, c *client.Client, org string, _ []string) error {
			if user != "" {
				return r.personHistory(ctx, c, org, user, limit)
			}
			out := wire.Ledger{Entries: []store.Entry{}, Next: after}
			for first := true; first || out.Next != "" && len(out.Entries) < limit; first = false {
				page, err := c.Ledger(ctx, org, client.Page{After: out.Next, Limit: min(limit-len(out.Entries), 1000)})
				if err != nil {
					return err
				}
				out.Entries, out.Next = append(out.Entries, page.Entries...), page.Next
			}
			return r.show(out, func() { r.showLedger(out) })
		}),
	}
	f := cmd.Flags()
	f.StringVar(&user, "user", "", "one person: the user principal name at home, or HOME/OBJECT-ID")
	f.StringVar(&after, "after", "", "start after this sequence number")
	f.IntVar(&limit, "limit", 1000, "how many entries; with --user the newest")
	cmd.MarkFlagsMutuallyExclusive("user", "after")
	return cmd
}

func (r *run) showLedger(l wire.Ledger) {
	t := &table{}
	t.add(header("seq", "at", "actor", "verb", "tenant", "share", "object")...)
	for _, e := range l.Entries {
		t.add(text(fmt.Sprint(e.Seq), when(e.At), e.Actor, e.Verb, string(e.Tenant), shareOf(e), e.Object)...)
	}
	r.write(t)
	if l.Next != "" {
		r.printf("more: entente history --after %s\n", l.Next)
	}
}

func shareOf(e store.Entry) string {
	if e.Share == nil {
		return ""
	}
	return e.Share.String()
}

func (r *run) personHistory(ctx context.Context, c *client.Client, org, user string, limit int) error {
	h, err := c.History(ctx, org, user, min(max(limit, 1), 1000))
	if err != nil {
		return err
	}
	return r.show(h, func() {
		name := h.UPN
		if name == "" {
			name = user
		}
		r.printf("%s\n", r.paint(bold, visible(name)+" lives in "+string(h.Person.Home)))
		if len(h.Entries) == 0 {
			r.printf("nothing was decided or done about this person yet\n")
			return
		}
		if h.More {
			r.printf("older entries are left out; --limit shows more\n")
		}
		t := &table{}
		t.add(header("at", "what", "tenant", "share", "by", "why", "graph request")...)
		for _, e := range h.Entries {
			t.add(text(when(e.At), e.Verb, string(e.Tenant), shareOf(e), e.Actor, first(e.Data["reason"], e.Data["why"]), e.Data["requestId"])...)
		}
		r.write(t)
	})
}
