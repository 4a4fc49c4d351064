package app

import (
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"entente.dev/entente/internal/config"
	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/notify"
	"entente.dev/entente/internal/store"
)

// What a configuration file says of channels is what is delivered to.
func TestChannelsAreAsConfigured(t *testing.T) {
	t.Parallel()
	got := make(chan http.Header, 2)
	receiver := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got <- r.Header }))
	defer receiver.Close()
	dir := t.TempDir()
	put := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	roots := put("roots.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: receiver.Certificate().Raw})))
	file := put("entented.yaml", fmt.Sprintf(`
publicUrl: https://entente.example
ledgerKeyFile: %[1]s/other.key
tenants: [{tenant: a, tenantId: 0a000000-0000-0000-0000-000000000000, credential: {kind: managedIdentity}}]
notify:
  allowPrivate: ["%[2]s"]
  channels:
    - {name: hook, kind: webhook, tenants: [c], caFile: %[3]s, webhook: {url: "https://%[2]s/x", secret: {file: %[4]s}, previousSecret: {file: %[4]s}}}
    - {name: teams, kind: teams, caFile: %[3]s, escalation: true, teams: {url: {file: %[5]s}}}
    - {name: mail, kind: smtp, occasions: [asked], smtp: {address: "127.0.0.1:1", tls: none, from: a@b.example, to: [c@d.example]}}
`, dir, strings.TrimPrefix(receiver.URL, "https://"), roots, put("secret", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), put("url", receiver.URL)))
	c, err := config.Load([]string{"--config", file}, nil, io.Discard)
	require.NoError(t, err)
	var log strings.Builder
	o, err := FromConfig(c, "test", slog.New(slog.NewTextHandler(&log, nil)))
	require.NoError(t, err)
	require.Equal(t, filepath.Join(dir, "other.key"), o.LedgerKeyFile)
	require.Contains(t, log.String(), "channel hook is for tenant c, which is not in tenants")

	o.Notify.PublicURL = o.PublicURL
	channels, err := notify.New(o.Notify)
	require.NoError(t, err)
	r := store.Request{ID: "b-c-1", Org: "contoso", Tenant: "c", Status: store.Waiting}
	m := channels.Message("id", contract.Asked, r)
	require.Equal(t, "https://entente.example/o/contoso/requests/b-c-1", m.Link)
	require.NoError(t, channels.Deliver(t.Context(), "hook", m))
	require.Len(t, strings.Fields((<-got).Get("Webhook-Signature")), 2)
	require.NoError(t, channels.Deliver(t.Context(), "teams", m))
	require.Empty(t, (<-got).Get("Webhook-Signature"))
	never := func(string) (bool, error) { return false, nil }
	for occasion, want := range map[contract.Occasion][]string{contract.Asked: {"hook", "mail"}, contract.Escalated: {"teams"}, contract.Ended: {"hook"}} {
		names, err := channels.For("c", occasion, never)
		require.NoError(t, err)
		require.Equal(t, want, names)
	}
}

func TestAChannelThatCannotWorkIsSaidAtTheStart(t *testing.T) {
	t.Parallel()
	a := &App{options: Options{PublicURL: "https://entente.example", Notify: notify.Options{Channels: []notify.Channel{{Name: "x", Kind: notify.KindTeams}}}}.withDefaults()}
	_, err := a.announcing()
	require.ErrorContains(t, err, "channel x: the workflow's URL is missing")
	a.options.Notify, a.options.PublicURL = notify.Options{}, ""
	_, err = a.announcing()
	require.NoError(t, err, "without channels as ever")
}

// The ledger leaves as configured, and Stop ends it.
func TestTheLedgerLeavesAsConfigured(t *testing.T) {
	t.Parallel()
	got := make(chan string, 8)
	receiver := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- string(body)
	}))
	defer receiver.Close()
	dir := t.TempDir()
	put := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	roots := put("roots.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: receiver.Certificate().Raw})))
	c, err := config.Load([]string{"--data-dir", dir, "--config", put("entented.yaml", fmt.Sprintf(
		"notify: {allowPrivate: [\"%s\"]}\nledgerExport: {url: \"%s/archive\", caFile: %s, secret: {file: %s}}\n",
		strings.TrimPrefix(receiver.URL, "https://"), receiver.URL, roots, put("secret", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")))}, nil, io.Discard)
	require.NoError(t, err)
	o, err := FromConfig(c, "test", slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	a := &App{options: o.withDefaults()}
	require.NoError(t, a.openStore(t.Context()))
	_, err = a.store.PutTopology(t.Context(), store.Revision{Org: "contoso", Digest: "d", StoredAt: time.Now()})
	require.NoError(t, err)
	_, err = a.store.Append(t.Context(), store.Entry{Org: "contoso", Key: "k", At: time.Now(), Verb: "ask"})
	require.NoError(t, err)
	require.NoError(t, a.startNotary(t.Context()))
	_, err = a.notary.Checkpoint(t.Context(), "contoso")
	require.NoError(t, err)
	require.NoError(t, a.startArchive(t.Context()))
	body := <-got
	require.Contains(t, body, `"after":0,"entries":1`)
	require.Contains(t, body, `"verb":"ask"`)
	require.Eventually(t, func() bool { // accepted is not yet remembered
		_, err := os.Stat(filepath.Join(dir, "ledger.archive"))
		return err == nil
	}, 10*time.Second, 10*time.Millisecond)
	require.NoError(t, a.Stop())
}
