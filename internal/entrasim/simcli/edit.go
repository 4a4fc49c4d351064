package simcli

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"entente.dev/entente/internal/entrasim/faults"
	"entente.dev/entente/internal/entrasim/simclient"
)

// verb describes one edit: what its arguments fill in.
type verb struct {
	use, short, example string
	args                int
	fill                func(e *simclient.Edit, args []string)
	flags               func(cmd *cobra.Command, e *simclient.Edit)
}

// editVerbs are the edits by noun and verb; every one takes --tenant.
var editVerbs = map[string][]verb{
	"group": {
		{"add GROUP USER", "Add a member to a group", "  entrasim group add --tenant b Collaboration barbara@b.example", 2, groupUser, nil},
		{"remove GROUP USER", "Remove a member from a group", "  entrasim group remove --tenant b Collaboration barbara@b.example", 2, groupUser, nil},
		{"create GROUP", "Create a security group", "  entrasim group create --tenant a Readers", 1, func(e *simclient.Edit, a []string) { e.Group = a[0] }, attributes},
		{"delete GROUP", "Delete a group", "  entrasim group delete --tenant a Readers", 1, func(e *simclient.Edit, a []string) { e.Group = a[0] }, nil},
	},
	"user": {
		{"create UPN", "Create a user", "  entrasim user create --tenant a dora@a.example --name 'Dora Dahl'", 1, user, nameAndAttributes},
		{"disable USER", "Block a user's sign-in", "  entrasim user disable --tenant b bob@b.example", 1, user, nil},
		{"enable USER", "Allow a user's sign-in", "  entrasim user enable --tenant b bob@b.example", 1, user, nil},
		{"delete USER", "Move a user to the recycle bin", "  entrasim user delete --tenant b bob@b.example", 1, user, nil},
		{"restore USER", "Restore a user from the recycle bin", "  entrasim user restore --tenant b bob@b.example", 1, user, nil},
		{"purge USER", "Delete a user in the recycle bin for good", "  entrasim user purge --tenant b bob@b.example", 1, user, nil},
		{"patch USER", "Change attributes", "  entrasim user patch --tenant c bob@b.example --attributes '{\"userType\":\"Member\"}'", 1, user, nameAndAttributes},
	},
	"guest": {
		{"invite ADDRESS", "Invite a guest by hand", "  entrasim guest invite --tenant a charlie@c.example --redeemed", 1, user,
			func(cmd *cobra.Command, e *simclient.Edit) {
				cmd.Flags().BoolVar(&e.Redeemed, "redeemed", false, "the guest redeems at once")
			}},
		{"redeem ADDRESS", "Redeem a pending invitation", "  entrasim guest redeem --tenant a charlie@c.example", 1, user, nil},
	},
	"contact": {
		{"create ADDRESS", "Create a mail contact", "  entrasim contact create --tenant c bob@b.example --name 'Bob Berg (B)'", 1, user, nameAndAttributes},
		{"delete ADDRESS", "Delete a mail contact", "  entrasim contact delete --tenant c bob@b.example", 1, user, nil},
	},
	"permission": {
		{"grant APP PERMISSION", "Grant an application permission", "  entrasim permission grant --tenant c Entente User.Read.All", 2, appPermission, nil},
		{"revoke APP PERMISSION", "Revoke an application permission", "  entrasim permission revoke --tenant c Entente Synchronization.ReadWrite.All", 2, appPermission, nil},
	},
	"secret": {{"rotate APP SECRET", "Replace an application's client secret", "  entrasim secret rotate --tenant a Entente new-secret", 2,
		func(e *simclient.Edit, a []string) { e.App, e.Secret = a[0], a[1] }, nil}},
	"app":     {{"delete APP", "Delete an application with its jobs", "  entrasim app delete --tenant b xts-a", 1, func(e *simclient.Edit, a []string) { e.App = a[0] }, nil}},
	"job":     {{"delete APP", "Delete the jobs of an application", "  entrasim job delete --tenant b xts-a", 1, func(e *simclient.Edit, a []string) { e.App = a[0] }, nil}},
	"partner": {{"delete TENANT", "Delete a partner entry and its sync policy", "  entrasim partner delete --tenant b a", 1, func(e *simclient.Edit, a []string) { e.Partner = a[0] }, nil}},
}

func groupUser(e *simclient.Edit, a []string)     { e.Group, e.User = a[0], a[1] }
func user(e *simclient.Edit, a []string)          { e.User = a[0] }
func appPermission(e *simclient.Edit, a []string) { e.App, e.Permission = a[0], a[1] }

func nameAndAttributes(cmd *cobra.Command, e *simclient.Edit) {
	cmd.Flags().StringVar(&e.Name, "name", "", "display name")
	attributes(cmd, e)
}

func attributes(cmd *cobra.Command, e *simclient.Edit) {
	var raw string
	cmd.Flags().StringVar(&raw, "attributes", "", "Graph properties as a JSON object")
	cmd.PreRunE = func(*cobra.Command, []string) error {
		if raw == "" {
			return nil
		}
		return json.Unmarshal([]byte(raw), &e.Attributes)
	}
}

func (c *cli) editCommands() []*cobra.Command {
	var out []*cobra.Command
	for noun, verbs := range editVerbs {
		parent := &cobra.Command{Use: noun, Short: "Change the " + noun + "s of a tenant as an admin would", Example: verbs[0].example}
		tenant := parent.PersistentFlags().StringP("tenant", "t", "", "tenant by name, domain or id (required)")
		_ = parent.MarkPersistentFlagRequired("tenant")
		for _, v := range verbs {
			e := &simclient.Edit{}
			cmd := &cobra.Command{Use: v.use, Short: v.short, Example: v.example, Args: cobra.ExactArgs(v.args)}
			cmd.RunE = func(cmd *cobra.Command, args []string) error {
				v.fill(e, args)
				e.Tenant, e.Action = *tenant, noun+"."+cmd.Name()
				id, err := c.client().Edit(cmd.Context(), *e)
				if err == nil {
					_, err = fmt.Fprintln(cmd.OutOrStdout(), id)
				}
				return err
			}
			if v.flags != nil {
				v.flags(cmd, e)
			}
			parent.AddCommand(cmd)
		}
		out = append(out, parent)
	}
	return append(out, c.tenantCommand())
}

func (c *cli) tenantCommand() *cobra.Command {
	parent := &cobra.Command{Use: "tenant", Short: "Cut a tenant off, or bring it back", Example: "  entrasim tenant unreachable c"}
	for name, off := range map[string]bool{"unreachable": true, "reachable": false} {
		parent.AddCommand(&cobra.Command{Use: name + " TENANT", Short: map[bool]string{true: "Close every Graph connection of a tenant", false: "Answer again"}[off],
			Example: "  entrasim tenant " + name + " c", Args: cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error {
				_, err := c.client().Edit(cmd.Context(), simclient.Edit{Tenant: args[0], Action: "tenant.reachable", Unreachable: off})
				return err
			}})
	}
	return parent
}

func (c *cli) faultCommand() *cobra.Command {
	parent := &cobra.Command{Use: "fault", Short: "Set, list, release and clear faults", Example: "  entrasim fault set --route '/groups/{id}/members/$ref' --method POST --kind status --status 503 --max 1"}
	var r faults.Rule
	var file string
	var write bool
	set := &cobra.Command{Use: "set", Short: "Add or replace a fault rule", Args: cobra.NoArgs,
		Example: "  entrasim fault set --route '/groups/{id}/members/$ref' --kind hold --when after --max 1\n  entrasim fault set -f rule.json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("write") {
				r.Match.Write = &write
			}
			if file != "" {
				raw, err := os.ReadFile(file)
				if err != nil {
					return err
				}
				if err := json.Unmarshal(raw, &r); err != nil {
					return fmt.Errorf("%s: %w", file, err)
				}
			}
			got, err := c.client().SetFault(cmd.Context(), r)
			if err != nil {
				return err
			}
			return printJSON(cmd.OutOrStdout(), got)
		}}
	f := set.Flags()
	f.StringVarP(&file, "file", "f", "", "rule as JSON")
	f.StringVar(&r.ID, "id", "", "name of the rule")
	f.StringVar(&r.Match.Route, "route", "", "route template, or ~regular expression over the path")
	f.StringVar(&r.Match.Method, "method", "", "HTTP method")
	f.StringVar(&r.Match.Tenant, "tenant", "", "tenant by name or id")
	f.StringVar(&r.Match.App, "app", "", "client id")
	f.BoolVar(&write, "write", false, "only writes, or with =false only reads")
	f.IntVar(&r.Match.Nth, "nth", 0, "only the nth matching request")
	f.StringVar(&r.Effect.Kind, "kind", "", "status, delay, drop, apply-then-drop, truncate, content-type, no-message-body, hold")
	f.IntVar(&r.Effect.Status, "status", 0, "HTTP status")
	f.StringVar(&r.Effect.Code, "code", "", "error code")
	f.StringVar(&r.Effect.RetryAfter, "retry-after", "", "Retry-After header")
	f.IntVar(&r.Effect.Millis, "millis", 0, "length of a delay")
	f.StringVar(&r.Effect.When, "when", "", "hold before or after the request is carried out")
	f.IntVar(&r.Min, "min", 0, "fires that a test demands")
	f.IntVar(&r.Max, "max", 0, "fires at most")
	list := &cobra.Command{Use: "list", Short: "List the rules with their fires", Example: "  entrasim fault list", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			rules, err := c.client().Faults(cmd.Context())
			if err != nil {
				return err
			}
			return printJSON(cmd.OutOrStdout(), rules)
		}}
	clear := &cobra.Command{Use: "clear [ID]", Short: "Remove one rule or all", Example: "  entrasim fault clear", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id := ""
			if len(args) == 1 {
				id = args[0]
			}
			return c.client().ClearFaults(cmd.Context(), id)
		}}
	release := &cobra.Command{Use: "release ID", Short: "Let the requests that a rule holds go on", Example: "  entrasim fault release fault-1", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return c.client().ReleaseFault(cmd.Context(), args[0]) }}
	parent.AddCommand(set, list, clear, release)
	return parent
}
