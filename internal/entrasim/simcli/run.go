package simcli

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"entente.dev/entente/internal/entrasim"
	"entente.dev/entente/internal/entrasim/simclient"
	"entente.dev/entente/internal/entrasim/world"
)

func runCommand() *cobra.Command {
	var o entrasim.Options
	cmd := &cobra.Command{
		Use:   "run [WORLD.yaml]",
		Short: "Run a world; without a file, the three tenants of the documentation",
		Example: "  entrasim run deploy/examples/world-three-tenants.yaml\n" +
			"  entrasim run world.yaml --listen 127.0.0.1:8443 --admin 127.0.0.1:8444 --data-dir ./sim --cycle 2s",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				w, err := world.Load(args[0])
				if err != nil {
					return err
				}
				o.World = w
			}
			began := time.Now()
			s, err := entrasim.Start(cmd.Context(), o)
			if err != nil {
				return err
			}
			defer func() { _ = s.Close() }()
			info, err := s.Admin().Info(cmd.Context())
			if err != nil {
				return err
			}
			greet(cmd.OutOrStdout(), info, time.Since(began))
			<-cmd.Context().Done()
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Listen, "listen", "127.0.0.1:8443", "sign-in and Graph (HTTPS)")
	f.StringVar(&o.AdminListen, "admin", "127.0.0.1:8444", "admin endpoint (HTTP, keep it on loopback)")
	f.StringVar(&o.DataDir, "data-dir", "", "where the CA and the signing keys live (default: a temporary folder)")
	f.DurationVar(&o.CycleLength, "cycle", 0, "length of a provisioning cycle in virtual time (default 40m, as documented)")
	f.BoolVar(&o.ManualClock, "manual-clock", false, "virtual time stands still until 'entrasim clock advance'")
	f.Float64Var(&o.ClockFactor, "clock-factor", 1, "virtual seconds a second")
	f.DurationVar(&o.ReadLag, "read-lag", 0, "the longest time a read may miss a write")
	f.DurationVar(&o.PrincipalDelay, "principal-delay", entrasim.DefaultPrincipalDelay, "how long a new service principal stays unknown")
	f.BoolVar(&o.NoThrottle, "no-throttle", false, "do not meter calls")
	f.DurationVar(&o.TokenLifetime, "token-lifetime", 0, "life of access tokens (default 3599s)")
	return cmd
}

func greet(w io.Writer, info simclient.Info, took time.Duration) {
	p := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) }
	p("entrasim: ready in %s", took.Round(time.Millisecond))
	p("  sign-in   %s", info.BaseURL)
	p("  graph     %s/v1.0  (and /beta)", info.BaseURL)
	p("  ca        %s", info.CAFile)
	p("  admin     %s", info.AdminURL)
	for _, t := range info.Tenants {
		p("  tenant    %-6s %s  %s  %d users", t.Name, t.ID, t.Domain, t.Users)
		for _, a := range t.Apps {
			p("            app %s %q", a.ClientID, a.DisplayName)
		}
	}
	for _, t := range info.Tenants {
		if len(t.Apps) == 0 || t.Apps[0].Secret == "" {
			continue
		}
		p("\nTry it:")
		p("  TOKEN=$(curl -s --cacert %s %s/%s/oauth2/v2.0/token \\\n    -d grant_type=client_credentials -d client_id=%s -d client_secret=%s \\\n    -d scope=https://graph.microsoft.com/.default | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')",
			info.CAFile, info.BaseURL, t.ID, t.Apps[0].ClientID, t.Apps[0].Secret)
		p("  curl -s --cacert %s -H \"Authorization: Bearer $TOKEN\" '%s/v1.0/users?$top=5'", info.CAFile, info.BaseURL)
		return
	}
}
