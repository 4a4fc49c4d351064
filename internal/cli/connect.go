package cli

import (
	"context"
	"encoding/json"
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
)

const defaultServer = "http://127.0.0.1:8080"

// session is what login keeps for later commands.
type session struct {
	Server string `json:"server"`
	Token  string `json:"token"`
}

func sessionPath() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("no place for settings: %w; set XDG_CONFIG_HOME, or use --server and --token-file", err)
	}
	return filepath.Join(dir, "entente", "session.json"), nil
}

// readSession returns an empty session when nobody logged in.
func readSession() (session, error) {
	var s session
	path, err := sessionPath()
	if err != nil {
		return s, nil // nobody can have logged in
	}
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, fmt.Errorf("read the login: %w", err)
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		return s, fmt.Errorf("the login in %s is damaged: %w; run `entente login` again", path, err)
	}
	return s, nil
}

func writeSession(s session) (string, error) {
	path, err := sessionPath()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	raw, err := json.Marshal(s)
	if err != nil {
		return "", err
	}
	// Written beside and renamed, so that the file is never readable by others nor half written.
	temporary, err := os.CreateTemp(filepath.Dir(path), ".session-*")
	if err != nil {
		return "", err
	}
	defer os.Remove(temporary.Name()) // gone already when all went well
	if _, err := temporary.Write(append(raw, '\n')); err != nil {
		return "", errors.Join(err, temporary.Close())
	}
	if err := temporary.Close(); err != nil {
		return "", err
	}
	return path, os.Rename(temporary.Name(), path)
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// connect finds server and token: flags, then environment, then login. A login's token is sent to the server
// it was made for and to no other.
func (r *run) connect() (*client.Client, error) {
	kept, err := readSession()
	if err != nil {
		return nil, err
	}
	server := first(r.server, os.Getenv("ENTENTE_SERVER"), kept.Server, defaultServer)
	token, err := r.givenToken()
	if err != nil {
		return nil, err
	}
	if token == "" && server == kept.Server {
		token = kept.Token
	}
	return client.New(server, token, nil)
}

func (r *run) givenToken() (string, error) {
	if r.token != "" {
		return r.token, nil
	}
	path := r.tokenFile
	if path == "" {
		if token := os.Getenv("ENTENTE_TOKEN"); token != "" {
			return token, nil
		}
		path = os.Getenv("ENTENTE_TOKEN_FILE")
	}
	if path == "" {
		return "", nil
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read the token: %w", err)
	}
	return strings.TrimSpace(string(raw)), nil
}

// organization is the one asked for, or the only one there is.
func (r *run) organization(ctx context.Context, c *client.Client) (string, error) {
	if org := first(r.org, os.Getenv("ENTENTE_ORG")); org != "" {
		return org, nil
	}
	all, err := c.Organizations(ctx)
	switch {
	case err != nil:
		return "", err
	case len(all) == 1:
		return all[0], nil
	case len(all) == 0:
		return "", fmt.Errorf("the server has no organization yet; plan a topology first: entente plan -f topology.yaml")
	default:
		return "", fmt.Errorf("the server has %d organizations (%s); choose one with --org", len(all), strings.Join(all, ", "))
	}
}

func (r *run) loginCommand() *cobra.Command {
	return &cobra.Command{
		Use: "login", Short: "Keep a server and a token for later commands", Args: cobra.NoArgs,
		Long:    "Keep a server and a token for later commands, in your own configuration directory.\nThe token comes from --token-file, ENTENTE_TOKEN, or standard input.",
		Example: "  entente login --server https://entente.example < token.txt\n  entente login --server http://127.0.0.1:8080 --token-file ~/platform.token",
		RunE: func(cmd *cobra.Command, _ []string) error {
			token, err := r.givenToken()
			if err == nil && token == "" {
				token, err = r.askToken()
			}
			if err != nil {
				return err
			}
			server := first(r.server, os.Getenv("ENTENTE_SERVER"), defaultServer)
			c, err := client.New(server, token, nil)
			if err != nil {
				return err
			}
			who, err := c.WhoAmI(cmd.Context())
			if err != nil {
				return err
			}
			path, err := writeSession(session{Server: server, Token: token})
			if err != nil {
				return fmt.Errorf("keep the login: %w", err)
			}
			return r.show(who, func() {
				at := ""
				if who.Tenant != "" {
					at = " of tenant " + string(who.Tenant)
				}
				r.printf("signed in at %s as %s (%s%s); kept in %s\n", server, who.Name, who.Role, at, path)
			})
		},
	}
}

func (r *run) askToken() (string, error) {
	if terminal(r.in) {
		fmt.Fprint(r.err, "Token: ")
		raw, err := term.ReadPassword(int(r.in.(*os.File).Fd()))
		fmt.Fprintln(r.err)
		return strings.TrimSpace(string(raw)), err
	}
	raw, err := io.ReadAll(io.LimitReader(r.in, 64<<10))
	if token := strings.TrimSpace(string(raw)); token != "" || err != nil {
		return token, err
	}
	return "", fmt.Errorf("no token; give --token-file, or write it to standard input")
}
