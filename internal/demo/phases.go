package demo

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"entente.dev/entente/internal/api/client"
	"entente.dev/entente/internal/cli"
	"entente.dev/entente/internal/entrasim/simclient"
	"entente.dev/entente/internal/store"
)

const barbara = "barbara@b.example"

// patience is how long a phase may wait for the world; a healthy one needs a few cycles.
const patience = 3 * time.Minute

func (d *Demo) plan(ctx context.Context) error {
	d.title("What would change, before any write")
	return d.expect(ctx, 2, "platform", "plan", "-f", d.file)
}

func (d *Demo) apply(ctx context.Context) error {
	d.title("The platform team hands it over; every target is asked")
	if err := d.expect(ctx, 0, "platform", "apply", "-f", d.file, "--yes"); err != nil {
		return err
	}
	return d.until(ctx, "6 requests in the tenants' inboxes", func() (bool, string, error) {
		waiting, err := d.api.Requests(ctx, organization, client.RequestFilter{Status: string(store.Waiting)})
		return len(waiting.Requests) == 6, fmt.Sprintf("%d of 6", len(waiting.Requests)), err
	})
}

// approve acts as the three admins, each with its own token, after showing that no other token will do.
func (d *Demo) approve(ctx context.Context) error {
	d.title("Each tenant's admin decides, and only for their own tenant")
	if err := d.noTargetWritten(ctx); err != nil {
		return err
	}
	if err := d.expect(ctx, 0, "admin-c", "inbox", "--tenant", "c"); err != nil {
		return err
	}
	d.printf("\nA token for A cannot approve for C:\n")
	if err := d.expect(ctx, 1, "admin-a", "approve", "--tenant", "c", "--all"); err != nil {
		return err
	}
	for _, tenant := range []string{"a", "b", "c"} {
		if err := d.expect(ctx, 0, "admin-"+tenant, "approve", "--tenant", tenant, "--all", "--existing-guests", "convert"); err != nil {
			return err
		}
	}
	return nil
}

// noTargetWritten asks the simulator's own request log: before a target's yes nothing is written anywhere.
func (d *Demo) noTargetWritten(ctx context.Context) error {
	entries, err := d.sim.Admin().Requests(ctx, 0, 0, 0)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Write {
			return fmt.Errorf("%s %s was sent to tenant %s before its yes", e.Method, e.Route, e.Tenant)
		}
	}
	d.printf("  %d requests to Graph so far, none of them a write.\n", len(entries))
	return nil
}

func (d *Demo) sync(ctx context.Context) error {
	d.title("Both sides are set up; Microsoft's engine brings the people")
	if err := d.settled(ctx, 12, 12); err != nil {
		return err
	}
	if err := d.expect(ctx, 0, "platform", "coverage"); err != nil {
		return err
	}
	bob, err := d.object(ctx, "c", "bob@b.example")
	if err != nil {
		return err
	}
	if bob.ID != d.bob || bob.UserType != "Member" {
		return fmt.Errorf("the object of Bob in C should be %s as Member, but it is %s as %s", d.bob, bob.ID, bob.UserType)
	}
	d.printf("  Bob in C is the object he was as a guest (%s), now a Member.\n", bob.ID)
	return d.rememberBarbara(ctx)
}

// settled waits until every share is in sync and the matrix covers so many cells.
func (d *Demo) settled(ctx context.Context, covered, wanted int) error {
	return d.until(ctx, fmt.Sprintf("every share in sync, %d of %d cells", covered, wanted), func() (bool, string, error) {
		c, err := d.api.CoverageAll(ctx, organization, "")
		if err != nil {
			return false, "", err
		}
		status, err := d.api.Status(ctx, organization)
		return status.InSync && c.Totals.Covered == covered && c.Totals.Wanted == wanted,
			fmt.Sprintf("%d/%d cells; %s", c.Totals.Covered, c.Totals.Wanted, phases(status.Shares)), err
	})
}

func (d *Demo) secondPlan(ctx context.Context) error {
	d.title("The same plan again: nothing to do")
	return d.expect(ctx, 0, "platform", "plan", "-f", d.file)
}

// leave takes Barbara out of B's group, as B's own admin would in Entra, and tells Entente nothing.
func (d *Demo) leave(ctx context.Context) error {
	d.title("Barbara leaves B's set; Entente notices by itself")
	if _, err := d.sim.Admin().Edit(ctx, simclient.Edit{Tenant: "b", Action: "group.remove", Group: "Collaboration", User: barbara}); err != nil {
		return err
	}
	err := d.until(ctx, "two proven removals", func() (bool, string, error) {
		n, states, err := d.removals(ctx, store.Proven)
		return n == 2, states, err
	})
	if err != nil {
		return err
	}
	d.result.reduced = 2
	if err := d.settled(ctx, 9, 9); err != nil {
		return err
	}
	if err := d.expect(ctx, 0, "platform", "reductions"); err != nil {
		return err
	}
	return d.expect(ctx, 0, "platform", "coverage")
}

func (d *Demo) removals(ctx context.Context, state store.RemovalState) (int, string, error) {
	list, err := d.api.Reductions(ctx, organization)
	n := 0
	var words []string
	for _, r := range list.Reductions {
		for _, m := range r.Removals {
			if m.State == state {
				n++
			}
			words = append(words, fmt.Sprintf("%s %s", r.Share, m.State))
		}
	}
	return n, strings.Join(words, ", "), err
}

func (d *Demo) restore(ctx context.Context) error {
	d.title("And comes back: the same objects, not new ones")
	if err := d.expect(ctx, 0, "platform", "restore", barbara, "--reason", "left by mistake"); err != nil {
		return err
	}
	if err := d.settled(ctx, 12, 12); err != nil {
		return err
	}
	for tenant, id := range d.barbara {
		now, err := d.object(ctx, tenant, barbara)
		if err != nil {
			return err
		}
		if now.ID != id {
			return fmt.Errorf("in %s the object of Barbara was %s and came back as %s", tenant, id, now.ID)
		}
		d.result.restored++
	}
	d.printf("  Barbara has her earlier object ids in A and C.\n")
	return nil
}

// remember notes Bob's object in C, so that nobody has to take the product's word for it.
func (d *Demo) remember(ctx context.Context) error {
	bob, err := d.object(ctx, "c", "bob@b.example")
	d.bob = bob.ID
	return err
}

func (d *Demo) rememberBarbara(ctx context.Context) error {
	for _, tenant := range []string{"a", "c"} {
		u, err := d.object(ctx, tenant, barbara)
		if err != nil {
			return err
		}
		d.barbara[tenant] = u.ID
	}
	return nil
}

// object asks the simulated directory itself.
func (d *Demo) object(ctx context.Context, tenant, home string) (simclient.UserState, error) {
	state, err := d.sim.Admin().State(ctx, tenant, false)
	if err != nil {
		return simclient.UserState{}, err
	}
	for _, u := range state.Users {
		if u.External && (strings.EqualFold(u.Home, home) || strings.EqualFold(u.Mail, home)) {
			return u, nil
		}
	}
	return simclient.UserState{}, fmt.Errorf("tenant %s has no object for %s", tenant, home)
}

// expect runs one command as a person would, shows it, and insists on its exit code.
func (d *Demo) expect(ctx context.Context, code int, as string, args ...string) error {
	d.printf("\n$ entente %s   # as %s\n", shellWords(args), as)
	var stderr bytes.Buffer
	global := []string{"--server", d.app.URL(), "--token-file", d.tokenFile(as), "--timeout", patience.String()}
	got := cli.Run(ctx, append(global, args...), strings.NewReader(""), d.options.Out, &stderr)
	d.printf("%s", stderr.String())
	if got != code {
		return fmt.Errorf("entente %s ended with exit code %d, not %d: %s", args[0], got, code, strings.TrimSpace(stderr.String()))
	}
	return nil
}

// until polls the product until it says yes, and prints each change of its answer.
func (d *Demo) until(ctx context.Context, what string, ask func() (bool, string, error)) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	last := ""
	for {
		ok, state, err := ask()
		if ok {
			return nil
		}
		if err != nil {
			state = err.Error()
		}
		if state != last {
			d.printf("  … %s\n", state)
			last = state
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("gave up waiting for %s; last seen: %s", what, last)
		case <-time.After(250 * time.Millisecond):
		}
	}
}
