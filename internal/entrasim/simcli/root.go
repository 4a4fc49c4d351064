// Package simcli is the command line of the simulator: run starts a world, everything else speaks to the admin
// endpoint of one that runs.
package simcli

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"entente.dev/entente/internal/entrasim"
	"entente.dev/entente/internal/entrasim/journal"
	"entente.dev/entente/internal/entrasim/simclient"
)

const defaultAdmin = "http://127.0.0.1:8444"

// cli carries what the verbs share.
type cli struct{ admin string }

func (c *cli) client() *simclient.Client { return simclient.New(c.admin) }

// Command is the root command.
func Command() *cobra.Command {
	c := &cli{}
	root := &cobra.Command{
		Use:           "entrasim",
		Short:         "A world of simulated Microsoft Entra tenants",
		Long:          "entrasim serves sign-in and Microsoft Graph for a world of simulated Entra tenants, for development,\nrehearsal, demonstrations and tests. Nothing that it says is evidence about a live tenant.",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.PersistentFlags().StringVar(&c.admin, "admin-url", cmp.Or(os.Getenv("ENTRASIM_ADMIN"), defaultAdmin),
		"admin endpoint of a running simulator (environment: ENTRASIM_ADMIN)")
	root.AddCommand(runCommand(), c.infoCommand(), c.logCommand(), c.requestsCommand(), c.switchesCommand(), c.clockCommand(), c.faultCommand(), c.stateCommand(), c.snapshotCommand())
	root.AddCommand(c.editCommands()...)
	return root
}

func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

func (c *cli) infoCommand() *cobra.Command {
	return &cobra.Command{Use: "info", Short: "Say where everything is", Example: "  entrasim info", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			info, err := c.client().Info(cmd.Context())
			if err != nil {
				return err
			}
			return printJSON(cmd.OutOrStdout(), info)
		}}
}

func printEntry(w io.Writer, e journal.Entry) {
	mark := " "
	switch {
	case e.Unknown:
		mark = "?"
	case e.Fault != "":
		mark = "!"
	case e.Write:
		mark = "*"
	}
	note := e.Note
	if e.Fault != "" {
		note += " fault:" + e.Fault
	}
	_, _ = fmt.Fprintf(w, "%6d %s %-6s %-8s %s %3d %-6s %s %s\n", e.Seq, e.Time.Format("15:04:05.000"), e.Kind, e.Tenant, mark, e.Status, e.Method, e.Path, note)
}

func (c *cli) logCommand() *cobra.Command {
	var since uint64
	cmd := &cobra.Command{Use: "log", Short: "Follow the request log (* write, ? unknown route, ! fault)",
		Example: "  entrasim log\n  entrasim log --since 100", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for cmd.Context().Err() == nil {
				entries, err := c.client().Requests(cmd.Context(), since, 500, 30*time.Second)
				if err != nil {
					if cmd.Context().Err() != nil {
						return nil
					}
					return err
				}
				for _, e := range entries {
					printEntry(cmd.OutOrStdout(), e)
					since = e.Seq
				}
			}
			return nil
		}}
	cmd.Flags().Uint64Var(&since, "since", 0, "begin after this sequence number")
	return cmd
}

func (c *cli) requestsCommand() *cobra.Command {
	var since uint64
	var asJSON, counts bool
	cmd := &cobra.Command{Use: "requests", Short: "List the request log once, or count requests per tenant",
		Example: "  entrasim requests --json | jq 'map(select(.write))'\n  entrasim requests --counts", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if counts {
				n, err := c.client().Counts(cmd.Context())
				if err != nil {
					return err
				}
				return printJSON(cmd.OutOrStdout(), n)
			}
			entries, err := c.client().Requests(cmd.Context(), since, 0, 0)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), entries)
			}
			for _, e := range entries {
				printEntry(cmd.OutOrStdout(), e)
			}
			return nil
		}}
	cmd.Flags().Uint64Var(&since, "since", 0, "begin after this sequence number")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().BoolVar(&counts, "counts", false, "only count Graph requests per tenant")
	return cmd
}

func (c *cli) switchesCommand() *cobra.Command {
	list := func(cmd *cobra.Command, live bool) error {
		switches := entrasim.DefaultSwitches()
		if live {
			var err error
			if switches, err = c.client().Switches(cmd.Context()); err != nil {
				return err
			}
		}
		w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
		_, _ = fmt.Fprintln(w, "SWITCH\tDEFAULT\tVALUE\tMEANING\tSOURCE")
		for _, s := range switches {
			_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", s.Name, s.Default, s.Value, s.Meaning, s.Source)
		}
		return w.Flush()
	}
	var live bool
	cmd := &cobra.Command{Use: "switches", Short: "List what the pages leave open, with default and source",
		Example: "  entrasim switches\n  entrasim switches --live\n  entrasim switches set read-lag 2s", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return list(cmd, live) }}
	cmd.Flags().BoolVar(&live, "live", false, "ask the running simulator for the present values")
	cmd.AddCommand(&cobra.Command{Use: "set NAME VALUE", Short: "Change a switch of the running simulator", Example: "  entrasim switches set throttle false",
		Args: cobra.ExactArgs(2), RunE: func(cmd *cobra.Command, args []string) error {
			return c.client().SetSwitch(cmd.Context(), args[0], args[1])
		}})
	return cmd
}

func (c *cli) clockCommand() *cobra.Command {
	show := func(cmd *cobra.Command, s simclient.ClockState, err error) error {
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s factor %g\n", s.Now.Format(time.RFC3339), s.Factor)
		return err
	}
	cmd := &cobra.Command{Use: "clock", Short: "Show the virtual clock", Example: "  entrasim clock\n  entrasim clock advance 40m\n  entrasim clock factor 60",
		Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := c.client().Clock(cmd.Context())
			return show(cmd, s, err)
		}}
	cmd.AddCommand(&cobra.Command{Use: "advance DURATION", Short: "Move the clock and run what became due", Example: "  entrasim clock advance 40m",
		Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
			d, err := time.ParseDuration(args[0])
			if err != nil {
				return err
			}
			s, err := c.client().Advance(cmd.Context(), d)
			return show(cmd, s, err)
		}})
	cmd.AddCommand(&cobra.Command{Use: "cycle DURATION", Short: "Set the interval of provisioning cycles", Example: "  entrasim clock cycle 2s",
		Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
			d, err := time.ParseDuration(args[0])
			if err != nil {
				return err
			}
			return c.client().SetCycle(cmd.Context(), d)
		}})
	cmd.AddCommand(&cobra.Command{Use: "factor NUMBER", Short: "Set virtual seconds a second; 0 stands still", Example: "  entrasim clock factor 0",
		Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
			var f float64
			if _, err := fmt.Sscan(args[0], &f); err != nil {
				return err
			}
			s, err := c.client().SetFactor(cmd.Context(), f)
			return show(cmd, s, err)
		}})
	return cmd
}

func (c *cli) stateCommand() *cobra.Command {
	var crowd bool
	cmd := &cobra.Command{Use: "state TENANT", Short: "Dump a tenant's state as JSON", Example: "  entrasim state c | jq '.users[].UserType'",
		Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
			s, err := c.client().State(cmd.Context(), args[0], crowd)
			if err != nil {
				return err
			}
			return printJSON(cmd.OutOrStdout(), s)
		}}
	cmd.Flags().BoolVar(&crowd, "crowd", false, "include generated users")
	return cmd
}
