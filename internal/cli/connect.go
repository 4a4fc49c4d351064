package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"entente.dev/entente/internal/api/client"
)

const defaultServer = "http://127.0.0.1:8080"

// session is what login keeps for later commands.
type session struct {
	Server string   `json:"server"`
	Token  string   `json:"token"`
	CAFile string   `json:"caFile,omitempty"`
	Renew  *renewal `json:"renew,omitempty"` // nil for a token that was given
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
// it was made for and to no other, and is renewed where it is about to end.
func (r *run) connect(ctx context.Context) (*client.Client, error) {
	kept, err := readSession()
	if err != nil {
		return nil, err
	}
	server := first(r.server, os.Getenv("ENTENTE_SERVER"), kept.Server, defaultServer)
	token, err := r.givenToken()
	if err != nil {
		return nil, err
	}
	caFile := r.caFile
	if server == kept.Server {
		caFile = first(caFile, kept.CAFile)
		if token == "" {
			if kept, err = kept.fresh(ctx, time.Now()); err != nil {
				return nil, err
			}
			token = kept.Token
		}
	}
	hc, err := trusting(caFile)
	if err != nil {
		return nil, err
	}
	return client.New(server, token, hc)
}

// trusting is a client that believes certificates of a file too; nil, the standard one, without a file.
func trusting(caFile string) (*http.Client, error) {
	if caFile == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, fmt.Errorf("read the roots: %w", err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate", caFile)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}
	return &http.Client{Transport: transport}, nil
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
