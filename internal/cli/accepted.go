package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"entente.dev/entente/internal/api/client"
	"entente.dev/entente/internal/api/wire"
)

func (r *run) acceptedCommand() *cobra.Command {
	return &cobra.Command{
		Use: "accepted [SOURCE TARGET]", Short: "Show what targets said yes to, and within which limits", Args: cobra.MaximumNArgs(2),
		Long: "Show what targets said yes to: cap, end, guests, who is left out, by whom and when. With a share, everything of it.\n" +
			"The digest is the one that the ledger's entry of the yes has as envelope: when both are the same, nothing was\nchanged since.",
		Example: "  entente accepted\n  entente accepted b c\n  entente accepted b c -o json",
		RunE: r.connected(func(ctx context.Context, c *client.Client, org string, args []string) error {
			if len(args) == 0 {
				all, err := c.Acceptances(ctx, org)
				if err != nil {
					return err
				}
				return r.show(all, func() { r.showAccepted(all.Acceptances) })
			}
			share, err := shareArgs(args)
			if err != nil {
				return err
			}
			a, err := c.Acceptance(ctx, org, share)
			if err != nil {
				return err
			}
			return r.show(a, func() { r.showEnvelope(a) })
		}),
	}
}

// acceptanceStates are the states of envelopes in words.
var acceptanceStates = map[string]string{"inForce": "in force", "expired": "expired", "revoked": "taken back"}

func (r *run) showAccepted(all []wire.Acceptance) {
	if len(all) == 0 {
		r.printf("nothing is accepted\n")
		return
	}
	t := &table{}
	t.add(header("share", "state", "cap", "as", "guests", "until", "left out", "rules", "auto", "by", "at", "envelope")...)
	for _, a := range all {
		t.add(text(a.Share.String(), acceptanceStates[a.State], strconv.Itoa(a.MaxUsers), a.UserType, a.ExistingGuests, when(a.ExpiresAt),
			strconv.Itoa(a.Excluded), strconv.Itoa(a.Ruled), automatic(a), strings.Join(a.AcceptedBy, ", "), when(a.AcceptedAt), short(a.Digest))...)
	}
	r.write(t)
}

func (r *run) showEnvelope(a wire.Acceptance) {
	r.showAccepted([]wire.Acceptance{a})
	r.printf("\nenvelope %s\nplan     %s\n", a.Digest, a.PlanDigest)
	if a.Revoked != nil {
		r.printf("taken back by %s at %s: %s\n", visible(a.Revoked.By), when(a.Revoked.At), visible(a.Revoked.Reason))
	}
	if len(a.Exclusions)+len(a.Rules) == 0 {
		return
	}
	r.printf("\nleft out\n")
	t := &table{indent: "  "}
	for _, x := range a.Exclusions {
		who := x.UPN
		if who == "" {
			who = string(x.Person.Home) + "/" + x.Person.ID
		}
		t.add(text(who, x.Reason)...)
	}
	for _, rule := range a.Rules {
		t.add(text(rule.Field+":"+rule.Match, rule.Reason)...)
	}
	r.write(t)
}

func automatic(a wire.Acceptance) string {
	switch {
	case !a.Auto:
		return "no"
	case a.AutoBelow > 0:
		return fmt.Sprintf("below %d", a.AutoBelow)
	default:
		return "yes"
	}
}
