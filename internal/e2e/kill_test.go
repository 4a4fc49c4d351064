package e2e

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"entente.dev/entente/internal/entrasim/faults"
)

// hold makes the next such write hang, before or after the tenant has carried it out.
func (s *story) hold(args []string) error {
	if len(args) != 4 || args[0] != "before" && args[0] != "after" {
		return errors.New("usage: hold before|after TENANT METHOD ROUTE")
	}
	_, err := s.admin.SetFault(s.ctx, faults.Rule{
		ID:     strings.Join(append([]string{args[0]}, args[1:]...), " "),
		Match:  faults.Match{Tenant: args[1], Method: args[2], Route: args[3]},
		Effect: faults.Effect{Kind: faults.Hold, When: args[0]}, Min: 1, Max: 1,
	})
	return err
}

// killWhileHeld waits until every hold holds a write, and kills the daemon there. The rules must have fired.
func (s *story) killWhileHeld([]string) error {
	if err := s.awaitHeld(2 * time.Minute); err != nil {
		return err
	}
	if err := s.daemon.kill(); err != nil {
		return err
	}
	return errors.Join(s.admin.CheckFaults(s.ctx), s.admin.ClearFaults(s.ctx, ""))
}

func (s *story) awaitHeld(within time.Duration) error {
	for deadline := time.Now().Add(within); ; time.Sleep(20 * time.Millisecond) {
		rules, err := s.admin.Faults(s.ctx)
		if err != nil {
			return err
		}
		var missing []string
		for _, r := range rules {
			if r.Held == 0 {
				missing = append(missing, r.ID)
			}
		}
		if len(missing) == 0 && len(rules) > 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("of %d holds these hold nothing: %s", len(rules), strings.Join(missing, "; "))
		}
	}
}

// allApprove lets every tenant's admin say yes to all that waits for their tenant.
func (s *story) allApprove(flags []string) error {
	was := s.ts.Getenv("ENTENTE_TOKEN_FILE")
	defer s.ts.Setenv("ENTENTE_TOKEN_FILE", was)
	for _, t := range s.info.Tenants {
		if err := s.as([]string{"admin-" + t.Name}); err != nil {
			return err
		}
		if err := s.ts.Exec(s.program("entente"), append([]string{"approve", "--tenant", t.Name, "--all"}, flags...)...); err != nil {
			return fmt.Errorf("admin-%s: %w", t.Name, err)
		}
	}
	return nil
}
