package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"entente.dev/entente/internal/api/client"
	"entente.dev/entente/internal/api/wire"
)

// Exit codes; stable.
const (
	ExitDone    = 0 // done, or nothing to do
	ExitError   = 1
	ExitPending = 2 // plan: changes are pending
	ExitRefused = 3 // a guard or a target refused
	ExitWaiting = 4 // an approval is awaited
)

// ended carries an exit code other than 1; the text, if any, was printed already when err is nil.
type ended struct {
	code int
	err  error
}

func (e *ended) Error() string {
	if e.err != nil {
		return e.err.Error()
	}
	return fmt.Sprintf("exit code %d", e.code)
}

func (e *ended) Unwrap() error { return e.err }

// run is one invocation.
type run struct {
	in       io.Reader
	out, err io.Writer
	// Global flags.
	server, token, tokenFile, org, format, caFile string
	timeout                                       time.Duration
	stop                                          context.CancelFunc
}

// Run runs one command line and returns its exit code. It writes nothing but to the writers given.
func Run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	r := &run{in: stdin, out: stdout, err: stderr, stop: func() {}}
	root := r.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	r.stop()
	if err == nil {
		return ExitDone
	}
	var e *ended
	if errors.As(err, &e) {
		if e.err != nil {
			r.explain(e.err)
		}
		return e.code
	}
	r.explain(err)
	return ExitError
}

const about = `Entente shows, sets up and proves who is shared with whom between Microsoft Entra tenants.

A topology file says who shares whom with whom. plan shows what that would do to every user in every
tenant, apply hands it over, the tenants' admins answer in their inbox, and Microsoft's engine moves
the people. Exit codes: 0 done or nothing to do, 1 error, 2 changes pending (plan), 3 refused by a
guard, 4 waiting for an approval.`

func (r *run) root() *cobra.Command {
	root := &cobra.Command{
		Use: "entente", Short: "Cross-tenant sync for Microsoft Entra", Long: about, SilenceUsage: true, SilenceErrors: true,
		Example: "  entente plan -f topology.yaml\n  entente apply -f topology.yaml --wait\n  entente coverage",
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if r.format != "table" && r.format != "json" && r.format != "yaml" {
				return fmt.Errorf("-o %s is unknown; use table, json or yaml", r.format)
			}
			if r.timeout > 0 {
				ctx, cancel := context.WithTimeout(cmd.Context(), r.timeout)
				cmd.SetContext(ctx)
				r.stop = cancel
			}
			return nil
		},
	}
	root.SetIn(r.in)
	root.SetOut(r.out) // before the completion command is made: it keeps the writer it finds
	root.SetErr(r.err)
	flags := root.PersistentFlags()
	flags.StringVar(&r.server, "server", "", "address of entented (ENTENTE_SERVER; else from login, else "+defaultServer+")")
	flags.StringVar(&r.token, "token", "", "bearer token (ENTENTE_TOKEN); prefer --token-file, which other users of the machine cannot see")
	flags.StringVar(&r.tokenFile, "token-file", "", "file with the bearer token (ENTENTE_TOKEN_FILE)")
	flags.StringVar(&r.caFile, "ca-file", "", "roots to trust beside the system's, for the server and its sign-in service; login keeps it")
	flags.StringVar(&r.org, "org", "", "organization (ENTENTE_ORG; default: the only one)")
	flags.StringVarP(&r.format, "output", "o", "table", "table, json or yaml")
	flags.DurationVar(&r.timeout, "timeout", 0, "give up after this time, for example 90s (default: never)")
	root.AddCommand(
		r.loginCommand(), r.logoutCommand(), r.whoamiCommand(), r.validateCommand(), r.planCommand(), r.applyCommand(), r.statusCommand(), r.coverageCommand(),
		r.inboxCommand(), r.approveCommand(), r.rejectCommand(), r.acceptedCommand(), r.holdCommand(), r.releaseCommand(), r.holdsCommand(),
		r.stopCommand(), r.revokeCommand(), r.continueCommand(), r.revertCommand(), r.restoreCommand(), r.reductionsCommand(), r.historyCommand(), r.auditCommand(),
		r.exportCommand(), r.versionCommand(),
	)
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		if c.Name() == "completion" {
			c.Example = "  entente completion bash > /etc/bash_completion.d/entente"
		}
	}
	return root
}

func (r *run) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Show the version of this program", Example: "  entente version", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			version := map[string]string{"version": Version()}
			return r.show(version, func() { fmt.Fprintf(r.out, "entente %s\n", version["version"]) })
		},
	}
}

// Version is the module's version as the build recorded it.
func Version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

// explain tells what failed, what state things are in and what to do.
func (r *run) explain(err error) {
	var p *wire.Problem
	if !errors.As(err, &p) {
		fmt.Fprintf(r.err, "error: %v\n", err)
		return
	}
	what := p.Detail
	if p.Op != "" && p.Op != p.Detail {
		what = p.Op + ": " + what
	}
	before, _ := strings.CutSuffix(err.Error(), p.Error()) // what a verb put in front
	fmt.Fprintf(r.err, "error: %s%s\n", before, what)
	if p.Tenant != "" {
		fmt.Fprintf(r.err, "  tenant: %s\n", p.Tenant)
	}
	if p.Code != "" {
		fmt.Fprintf(r.err, "  code: %s\n", strings.TrimSpace(p.Code+" "+p.RequestID))
	}
	for _, f := range p.Errors {
		fmt.Fprintf(r.err, "  %s\n", f)
	}
	r.explainDifference(p.Difference)
	if p.Remedy != "" {
		fmt.Fprintf(r.err, "  what to do: %s\n", p.Remedy)
	}
}

// explainDifference shows what changed since the plan that was seen.
func (r *run) explainDifference(d *wire.Difference) {
	if d == nil {
		return
	}
	lines := func(mark string, shown []string, total int) {
		for _, line := range shown {
			fmt.Fprintf(r.err, "  %s %s\n", mark, visible(line))
		}
		if more := total - len(shown); more > 0 {
			fmt.Fprintf(r.err, "  %s and %d more\n", mark, more)
		}
	}
	fmt.Fprintf(r.err, "  since then: %d more, %d fewer, %d otherwise\n", d.AddedCount, d.RemovedCount, d.ChangedCount)
	lines("+", d.Added, d.AddedCount)
	lines("-", d.Removed, d.RemovedCount)
	var changed []string
	for _, c := range d.Changed {
		changed = append(changed, fmt.Sprintf("%s  %s; before: %s", c.UPN, c.Now, c.Before))
	}
	lines("~", changed, d.ChangedCount)
}

// terminal tells whether a person sits at the other end.
func terminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// connected is a command that needs the server and an organization.
func (r *run) connected(f func(ctx context.Context, c *client.Client, org string, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		c, err := r.connect(cmd.Context())
		if err != nil {
			return err
		}
		org, err := r.organization(cmd.Context(), c)
		if err != nil {
			return err
		}
		return f(cmd.Context(), c, org, args)
	}
}
