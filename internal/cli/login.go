package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"entente.dev/entente/internal/api/client"
	"entente.dev/entente/internal/authn"
)

const aboutLogin = `Sign in to a server and keep the sign-in for later commands, in your own configuration directory.

A token that is given (--token-file, ENTENTE_TOKEN, standard input) is kept as it is. Otherwise the server
says where people sign in; you open an address in any browser, also on another machine, and enter a code.
Later commands renew the sign-in by themselves.`

func (r *run) loginCommand() *cobra.Command {
	var service string
	var device bool
	cmd := &cobra.Command{
		Use: "login", Short: "Sign in, and keep it for later commands", Args: cobra.NoArgs, Long: aboutLogin,
		Example: "  entente login --server https://entente.example\n  entente login --server http://127.0.0.1:8080 --token-file ~/platform.token\n  entente login --server https://entente.example < token.txt",
		RunE: func(cmd *cobra.Command, _ []string) error {
			server := first(r.server, os.Getenv("ENTENTE_SERVER"), defaultServer)
			kept, err := r.signIn(cmd.Context(), server, service, device)
			if err != nil {
				return err
			}
			return r.keepLogin(cmd.Context(), kept)
		},
	}
	cmd.Flags().StringVar(&service, "service", "", "sign-in service, where the server has several")
	cmd.Flags().BoolVar(&device, "device", false, "sign in by a browser even where standard input is not a terminal")
	return cmd
}

// signIn takes a token that is given, else runs the device code flow of a service that the server offers.
func (r *run) signIn(ctx context.Context, server, service string, device bool) (session, error) {
	kept := session{Server: server, CAFile: r.caFile}
	if kept.CAFile != "" {
		path, err := filepath.Abs(kept.CAFile) // later commands run elsewhere
		if err != nil {
			return kept, err
		}
		kept.CAFile = path
	}
	var err error
	if kept.Token, err = r.givenToken(); err != nil || kept.Token != "" {
		return kept, err
	}
	if !device && service == "" && !terminal(r.in) {
		raw, err := io.ReadAll(io.LimitReader(r.in, authn.MaxToken+1))
		if kept.Token = strings.TrimSpace(string(raw)); kept.Token != "" || err != nil {
			return kept, err
		}
	}
	hc, err := trusting(kept.CAFile)
	if err != nil {
		return kept, err
	}
	c, err := client.New(server, "", hc)
	if err != nil {
		return kept, err
	}
	offered, err := c.SignIn(ctx)
	if err != nil {
		return kept, err
	}
	if len(offered.Services) == 0 {
		if kept.Token, err = r.askToken(); err == nil && kept.Token == "" {
			err = errors.New("no token; give --token-file, or write it to standard input: this server has no other way to sign in")
		}
		return kept, err
	}
	chosen, err := choose(offered.Services, service)
	if err != nil {
		return kept, err
	}
	kept.Token, kept.Renew, err = r.deviceFlow(ctx, hc, chosen)
	return kept, err
}

// keepLogin proves the sign-in before it is kept.
func (r *run) keepLogin(ctx context.Context, kept session) error {
	hc, err := trusting(kept.CAFile)
	if err != nil {
		return err
	}
	c, err := client.New(kept.Server, kept.Token, hc)
	if err != nil {
		return err
	}
	who, err := c.WhoAmI(ctx)
	if err != nil {
		return err
	}
	path, err := writeSession(kept)
	if err != nil {
		return fmt.Errorf("keep the login: %w", err)
	}
	return r.show(who, func() {
		r.printf("signed in at %s as %s (%s); kept in %s\n", kept.Server, who.Name, roles(who), path)
	})
}

// roles in words: tenant-admin of tenant a, platform.
func roles(who authn.Principal) string {
	var out []string
	for _, held := range who.Bindings() {
		text := string(held.Role)
		if held.Tenant != "" {
			text += " of tenant " + string(held.Tenant)
		}
		if held.Org != "" {
			text += " in " + held.Org
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

func (r *run) askToken() (string, error) {
	if !terminal(r.in) {
		return "", nil // was read already
	}
	fmt.Fprint(r.err, "Token: ")
	raw, err := term.ReadPassword(int(r.in.(*os.File).Fd()))
	fmt.Fprintln(r.err)
	return strings.TrimSpace(string(raw)), err
}

func (r *run) logoutCommand() *cobra.Command {
	return &cobra.Command{
		Use: "logout", Short: "Forget the kept sign-in", Args: cobra.NoArgs, Example: "  entente logout",
		RunE: func(*cobra.Command, []string) error {
			path, err := sessionPath()
			if err != nil {
				return err
			}
			err = os.Remove(path)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("forget the login: %w", err)
			}
			was := err == nil
			return r.show(map[string]bool{"signedOut": was}, func() {
				if was {
					r.printf("signed out; the sign-in service may still know you in your browser\n")
				} else {
					r.printf("nobody was signed in\n")
				}
			})
		},
	}
}

func (r *run) whoamiCommand() *cobra.Command {
	return &cobra.Command{
		Use: "whoami", Short: "Show who you are at the server, and your roles", Args: cobra.NoArgs, Example: "  entente whoami",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := r.connect(cmd.Context())
			if err != nil {
				return err
			}
			who, err := c.WhoAmI(cmd.Context())
			if err != nil {
				return err
			}
			return r.show(who, func() { r.printf("%s (%s) at %s\n", who.Name, roles(who), c.Base()) })
		},
	}
}
