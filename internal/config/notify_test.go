package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

const signing = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" // 24 bytes

func TestChannels(t *testing.T) {
	secretFile, urlFile := write(t, "whsec_"+signing+"\n"), write(t, "https://teams.example/workflows/1?sig=x\n")
	c, err := load(t, fmt.Sprintf(`
publicUrl: https://entente.example
ledgerKeyFile: keys/ledger.key
notify:
  allowPrivate: ["hooks.rehearsal:8443"]
  channels:
    - name: mail-c
      kind: smtp
      tenants: [c]
      smtp: {address: "mail.example:587", from: entente@example.org, to: [admins@c.example, desk@c.example], username: u, password: {file: %[1]s}}
    - {name: teams, kind: teams, occasions: [asked], teams: {url: {file: %[2]s}}}
    - {name: second, kind: webhook, escalation: true, webhook: {url: "https://hooks.example/entente?x=1", secret: {file: %[1]s}, previousSecret: {file: %[1]s}}}
    - {name: local, kind: smtp, smtp: {address: "127.0.0.1:25", tls: none, from: a@b.example, to: [c@d.example]}}
`, secretFile, urlFile), nil)
	require.NoError(t, err)
	require.Empty(t, c.Warnings)
	require.Equal(t, "keys/ledger.key", c.LedgerKeyFile)
	want := Notify{AllowPrivate: []string{"hooks.rehearsal:8443"}, Channels: []Channel{
		{Name: "mail-c", Kind: "smtp", Tenants: []string{"c"}, Occasions: []string{"asked", "reminded", "ended"}, SMTP: SMTP{
			Address: "mail.example:587", TLS: "startTLS", From: "entente@example.org", To: []string{"admins@c.example", "desk@c.example"}, Username: "u", Password: FromFile(secretFile),
		}},
		{Name: "teams", Kind: "teams", Occasions: []string{"asked"}, TeamsURL: FromFile(urlFile)},
		{Name: "second", Kind: "webhook", Occasions: []string{"reminded", "ended"}, Escalation: true, Webhook: Webhook{
			URL: "https://hooks.example/entente?x=1", Secret: FromFile(secretFile), PreviousSecret: FromFile(secretFile),
		}},
		{Name: "local", Kind: "smtp", Occasions: []string{"asked", "reminded", "ended"}, SMTP: SMTP{Address: "127.0.0.1:25", TLS: "none", From: "a@b.example", To: []string{"c@d.example"}}},
	}}
	if diff := cmp.Diff(want, c.Notify, cmp.AllowUnexported(Secret{})); diff != "" {
		t.Fatal(diff)
	}
}

func TestAChannelForATenantOfAnotherProcessIsOnlyWarnedAbout(t *testing.T) {
	c, err := load(t, `
publicUrl: https://entente.example
tenants: [{tenant: a, tenantId: 0a000000-0000-0000-0000-000000000000, credential: {kind: managedIdentity}}]
notify: {channels: [{name: x, kind: smtp, tenants: [a, z], smtp: {address: "h:25", from: a@b.example, to: [c@d.example]}}]}
`, nil)
	require.NoError(t, err)
	require.Len(t, c.Warnings, 1)
	require.Contains(t, c.Warnings[0].Error(), "entented.yaml:4:52: channel x is for tenant z, which is not in tenants")
}

// Each bad file has one mistake. None of the messages repeats a secret or an address.
func TestMistakesOfChannels(t *testing.T) {
	key, url := write(t, signing), write(t, "https://teams.example/?sig=hush")
	clear, short := write(t, "http://teams.example/?sig=hush"), write(t, "aHVzaA==")
	smtp := func(rest string) string { return "{name: x, kind: smtp, smtp: {" + rest + "}}" }
	hook := func(rest string) string { return "{name: x, kind: webhook, webhook: {" + rest + "}}" }
	const mailed = `address: "mail.example:587", from: a@b.example, to: [c@d.example]`
	for name, c := range map[string]struct{ channels, want string }{
		"unknown kind":         {"{name: x, kind: smpt}", `notify.channels[0].kind is "smpt"; did you mean smtp?`},
		"no kind":              {"{name: x}", "entented.yaml:2:21: the channel has no kind; write one of smtp, teams, webhook"},
		"no name":              {"{kind: smtp, smtp: {" + mailed + "}}", "notify.channels[0].name is missing"},
		"bad name":             {"{name: 'a/b', kind: smtp, smtp: {" + mailed + "}}", "letters, digits, - and _"},
		"unknown key":          {"{name: x, kind: smtp, smtp: {" + mailed + ", port: 25}}", "there is no setting notify.channels[0].smtp.port"},
		"twice":                {smtp(mailed) + ", " + smtp(mailed), "channel x is in the list twice"},
		"of another kind":      {"{name: x, kind: teams, teams: {url: {file: " + url + "}}, smtp: {" + mailed + "}}", "smtp belongs to kind smtp, and the kind is teams"},
		"unknown occasion":     {"{name: x, kind: smtp, occasions: [aked], smtp: {" + mailed + "}}", `holds "aked"; did you mean asked?`},
		"escalated":            {"{name: x, kind: smtp, occasions: [escalated], smtp: {" + mailed + "}}", "write escalation: true"},
		"no server":            {smtp("from: a@b.example, to: [c@d.example]"), "smtp.address is missing; write the mail server as host:port"},
		"no sender":            {smtp(`address: "h:25", to: [c@d.example]`), "smtp.from is missing"},
		"nobody":               {smtp(`address: "h:25", from: a@b.example`), "smtp.to is missing"},
		"bad recipient":        {smtp(`address: "h:25", from: a@b.example, to: [hush]`), "smtp.to holds something that is no mail address"},
		"injected recipient":   {smtp(`address: "h:25", from: a@b.example, to: ["c@d.example\r\nBcc: e@f.example"]`), "no mail address"},
		"named sender":         {smtp(`address: "h:25", from: "Hush <a@b.example>", to: [c@d.example]`), "without a display name"},
		"clear text":           {smtp(mailed + ", tls: none"), "mail would travel in clear text; write tls: startTLS"},
		"unknown tls":          {smtp(mailed + ", tls: starttls"), "did you mean startTLS?"},
		"user alone":           {smtp(mailed + ", username: hush"), "come together"},
		"password alone":       {smtp(mailed + ", password: {file: " + key + "}"), "come together"},
		"password in file":     {smtp(mailed + ", username: u, password: hush"), "must not be in this file"},
		"no workflow":          {"{name: x, kind: teams}", "has no teams.url"},
		"workflow in file":     {"{name: x, kind: teams, teams: {url: 'https://teams.example/?sig=hush'}}", "must not be in this file"},
		"workflow in clear":    {"{name: x, kind: teams, teams: {url: {file: " + clear + "}}}", "holds no https address"},
		"no receiver":          {hook("secret: {file: " + key + "}"), "webhook.url is missing"},
		"receiver in clear":    {hook("url: 'http://hooks.example', secret: {file: " + key + "}"), "webhook.url is not an https address"},
		"receiver with a user": {hook("url: 'https://u:hush@hooks.example', secret: {file: " + key + "}"), "without a user"},
		"no signature":         {hook("url: 'https://hooks.example'"), "has no secret to sign with; add secret"},
		"short secret":         {hook("url: 'https://hooks.example', secret: {file: " + short + "}"), "holds no signing secret; put 24 to 64 random bytes there"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(t, "publicUrl: https://entente.example\nnotify: {channels: ["+c.channels+"]}\n", nil)
			var problems Problems
			require.ErrorAs(t, err, &problems)
			require.Len(t, problems, 1, "%v", err)
			require.ErrorContains(t, err, c.want)
			require.NotEmpty(t, problems[0].Remedy)
			require.NotContains(t, err.Error(), "hush")
		})
	}
	_, err := load(t, "notify: {channels: ["+smtp(mailed)+"]}", nil)
	require.ErrorContains(t, err, "nothing says where they answer; set publicUrl")
	_, err = load(t, "notify: {allowPrivate: [hooks.example]}", nil)
	require.ErrorContains(t, err, "write host:port")
}

func TestTheLedgersArchive(t *testing.T) {
	key := write(t, signing)
	c, err := load(t, "ledgerExport: {url: 'https://archive.example/x', secret: {file: "+key+"}, caFile: "+key+"}", nil)
	require.NoError(t, err)
	want := LedgerExport{Webhook: Webhook{URL: "https://archive.example/x", Secret: FromFile(key)}, CAFile: key}
	if diff := cmp.Diff(want, c.LedgerExport, cmp.AllowUnexported(Secret{})); diff != "" {
		t.Fatal(diff)
	}
	for yaml, want := range map[string]string{
		"ledgerExport: {secret: {file: " + key + "}}":                                       "ledgerExport.url is missing",
		"ledgerExport: {url: 'http://archive.example', secret: {file: " + key + "}}":        "not an https address",
		"ledgerExport: {url: 'https://archive.example'}":                                    "ledgerExport has no secret to sign with",
		"ledgerExport: {url: 'https://archive.example', secret: hush}":                      "must not be in this file",
		"ledgerExport: {url: 'https://archive.example', secret: {file: " + key + "}, a: 1}": "there is no setting ledgerExport.a",
	} {
		_, err := load(t, yaml, nil)
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "hush")
	}
}

// The example of the guide is right but for the files that only its machine has.
func TestTheGuidesChannelsAreValid(t *testing.T) {
	raw, err := os.ReadFile("../../docs/guide-operator.md")
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(raw), "```yaml\npublicUrl:")
	require.True(t, found, "the example begins with publicUrl")
	example, _, _ := strings.Cut(rest, "```")
	example = "publicUrl:" + example
	dir := t.TempDir()
	for file, text := range map[string]string{"mail.password": "x", "teams.url": "https://teams.example/1", "webhook.secret": signing} {
		require.Contains(t, example, "/etc/entente/"+file)
		require.NoError(t, os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600))
	}
	c, err := load(t, strings.ReplaceAll(example, "/etc/entente", dir), nil)
	require.NoError(t, err)
	require.Len(t, c.Notify.Channels, 3)
}
