package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write generated files")

const referencePath = "../../docs/reference/config.md"

func TestReferenceIsCurrent(t *testing.T) {
	if *update {
		require.NoError(t, os.WriteFile(referencePath, []byte(Reference()), 0o644))
	}
	have, err := os.ReadFile(referencePath)
	require.NoError(t, err)
	if diff := cmp.Diff(string(have), Reference()); diff != "" {
		t.Fatalf("docs/reference/config.md is out of date; run make gen\n%s", diff)
	}
}

// write makes a private file and returns its path.
func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "entented.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func load(t *testing.T, yaml string, environ []string, args ...string) (*Config, error) {
	t.Helper()
	return Load(append([]string{"--config", write(t, yaml)}, args...), environ, io.Discard)
}

func TestDefaultsAreEnough(t *testing.T) {
	c, err := Load(nil, nil, io.Discard)
	require.NoError(t, err)
	want := &Config{
		DataDir: ".data", Listen: "127.0.0.1:8080", Role: RoleAll, LogLevel: slog.LevelInfo, KeysFile: ".data/payload.keys",
		Temporal: Temporal{Namespace: "entente"},
		Demo:     Demo{Users: 200, Cycle: 2 * time.Second},
	}
	if diff := cmp.Diff(want, c, cmp.AllowUnexported(Secret{})); diff != "" {
		t.Fatal(diff)
	}
}

func TestLaterSourcesWin(t *testing.T) {
	yaml := "listen: 127.0.0.1:1\nlogLevel: debug\ndemo:\n  cycle: 2d\n"
	c, err := load(t, yaml, []string{"ENTENTE_LISTEN=127.0.0.1:2", "ENTENTE_LOG_LEVEL="}, "--listen", "127.0.0.1:3", "--demo", "--tenants=a, b")
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:3", c.Listen)
	require.Equal(t, slog.LevelDebug, c.LogLevel)
	require.Equal(t, 48*time.Hour, c.Demo.Cycle)
	require.True(t, c.Demo.On)
	require.Equal(t, []string{"a", "b"}, c.Serve)
	require.True(t, c.Serves("a"))
	require.False(t, c.Serves("c"))
	c, err = load(t, yaml, []string{"ENTENTE_LISTEN=127.0.0.1:2"})
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:2", c.Listen)
}

func TestTenantsAndTokens(t *testing.T) {
	secretFile := write(t, "s3cret\n")
	t.Setenv("TEST_CONFIG_TOKEN", "t0ken")
	c, err := load(t, fmt.Sprintf(`
databaseUrl: {file: %[1]s}
tenants:
  - tenant: a
    tenantId: 0a000000-0000-0000-0000-000000000000
    credential: {kind: secret, clientId: id, secret: {file: %[1]s}}
    authority: https://127.0.0.1:9/
  - tenant: b
    tenantId: 0b000000-0000-0000-0000-000000000000
    credential: {kind: certificate, clientId: id, certificateFile: %[1]s, sendCertificateChain: true}
  - tenant: c
    tenantId: 0C000000-0000-0000-0000-000000000000
    credential: {kind: managedIdentity}
auth:
  tokens:
    - {name: p, role: platform, secret: {env: TEST_CONFIG_TOKEN}}
serve: [a, c]
`, secretFile), nil)
	require.NoError(t, err)
	require.Len(t, c.Tenants, 3)
	require.Equal(t, "https://127.0.0.1:9", c.Tenants[0].Authority)
	require.True(t, c.Tenants[1].Credential.SendCertificateChain)
	require.Equal(t, "0c000000-0000-0000-0000-000000000000", c.Tenants[2].TenantID)
	require.Equal(t, []string{"a", "c"}, c.Serve)
	for secret, want := range map[Secret]string{c.Tenants[0].Credential.Secret: "s3cret", c.Tokens[0].Secret: "t0ken", c.DatabaseURL: "s3cret"} {
		got, err := secret.Read()
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

// Each bad file has one mistake. The report points at it and says what would be right.
func TestMistakesSayWhereAndWhatToDo(t *testing.T) {
	loose := write(t, "x")
	require.NoError(t, os.Chmod(loose, 0o644))
	tight := write(t, "x")
	of := func(tenant string) string {
		return "tenants: [{tenant: " + tenant + ", tenantId: 0a000000-0000-0000-0000-000000000000, credential: {kind: managedIdentity}}]\n"
	}
	database := "databaseUrl: {file: " + tight + "}\n"
	isolated := "role: worker\ntemporal: {address: 'x:1'}\nkeysFile: " + tight + "\ncoreUrl: http://127.0.0.1:1\nworkerToken: {file: " + tight + "}\n" + of("c")
	cases := map[string]struct{ yaml, want string }{
		"unknown key":          {"listn: 1", `entented.yaml:1:1: there is no setting listn; did you mean listen?`},
		"unknown nested":       {"temporal:\n  adress: x:1", `entented.yaml:2:3: there is no setting temporal.adress; did you mean address?`},
		"unknown in list":      {"tenants:\n  - tenant: a\n    credential: {kind: managedIdentity, key: 1}\n    tenantId: 0a000000-0000-0000-0000-000000000000", `entented.yaml:3:41: there is no setting tenants[0].credential.key; known here: kind, clientId`},
		"twice":                {"role: all\nrole: all", `entented.yaml:2:1`},
		"syntax":               {"role: [all", `entented.yaml:1:7`},
		"group as value":       {"temporal: x:1", `entented.yaml:1:11: temporal is a group of settings, not one value; write its keys below it: address`},
		"secret in clear":      {"databaseUrl: postgres://u:p@h/d", `entented.yaml:1:14: databaseUrl is a secret and must not be in this file; write {file:`},
		"bad choice":           {"role: workr", `entented.yaml:1:7: role is "workr"; did you mean worker?`},
		"bad bool":             {"temporal: {ui: perhaps}", `temporal.ui is "perhaps"; write true or false`},
		"bad number":           {"demo: {users: many}", `demo.users is "many"; write a whole number from 0 to 100000`},
		"bad duration":         {"demo: {cycle: 40}", `demo.cycle is "40"; write a number with its unit`},
		"bad address":          {"listen: here", `listen is "here"; write host:port`},
		"no tenant id":         {"tenants: [{tenant: a, credential: {kind: managedIdentity}}]", `tenants[0].tenantId is missing`},
		"bad tenant id":        {"tenants: [{tenant: a, tenantId: b.example, credential: {kind: managedIdentity}}]", `write the tenant's GUID`},
		"not https":            {"tenants: [{tenant: a, tenantId: 0a000000-0000-0000-0000-000000000000, graph: 'http://x', credential: {kind: managedIdentity}}]", `tenants[0].graph is not an https address`},
		"no credential":        {"tenants: [{tenant: a, tenantId: 0a000000-0000-0000-0000-000000000000}]", `the tenant has no credential.kind; write one of secret`},
		"no secret":            {"tenants: [{tenant: a, tenantId: 0a000000-0000-0000-0000-000000000000, credential: {kind: secret, clientId: x}}]", `a credential of kind secret has no secret; add credential.secret`},
		"no client id":         {"tenants: [{tenant: a, tenantId: 0a000000-0000-0000-0000-000000000000, credential: {kind: secret, secret: {file: " + tight + "}}}]", `has no clientId`},
		"of another kind":      {"tenants: [{tenant: a, tenantId: 0a000000-0000-0000-0000-000000000000, credential: {kind: managedIdentity, certificateFile: " + tight + "}}]", `certificateFile belongs to kind certificate`},
		"tenant twice":         {"tenants: [{tenant: a, tenantId: 0a000000-0000-0000-0000-000000000000, credential: {kind: managedIdentity}}, {tenant: A, tenantId: 0b000000-0000-0000-0000-000000000000, credential: {kind: managedIdentity}}]", `tenant A is in the list twice`},
		"serve unknown":        {"serve: [z]", `entented.yaml:1:8: tenant z is not in tenants`},
		"loose secret":         {"databaseUrl: {file: " + loose + "}", `chmod 600 ` + loose},
		"absent secret":        {"databaseUrl: {file: /absent}", `no such file`},
		"unset variable":       {"databaseUrl: {env: TEST_CONFIG_UNSET}", `the secret in variable TEST_CONFIG_UNSET is empty`},
		"both":                 {"databaseUrl: {env: X, file: " + tight + "}", `says both file and env`},
		"neither":              {"databaseUrl: {}", `says neither file nor env`},
		"absent file":          {"temporal: {caFile: /absent}", `temporal.caFile: /absent is no file`},
		"half a certificate":   {"temporal: {certFile: " + tight + "}", `set both temporal.certFile and temporal.keyFile`},
		"worker without":       {database + of("c") + "role: worker\nkeysFile: k", `role worker needs a Temporal cluster`},
		"worker without keys":  {database + of("c") + "role: worker\ntemporal: {address: 'x:1'}", `set keysFile`},
		"worker for nobody":    {database + "role: worker\nkeysFile: k\ntemporal: {address: 'x:1'}", `a worker serves the queues of tenants, and there are none; add tenants`},
		"worker with two ways": {isolated + database, `a worker either has the database or asks the core`},
		"worker lost":          {strings.Replace(isolated, "coreUrl: http://127.0.0.1:1", "", 1), `nothing says where that is; set coreUrl`},
		"worker nameless":      {strings.Replace(isolated, "workerToken: {file: "+tight+"}", "", 1), `no token for the core's API; set workerToken`},
		"worker without file":  {strings.Replace(isolated, "keysFile: "+tight, "keysFile: /absent", 1), `keysFile: /absent cannot be read; copy payload.keys of the core`},
		"worker in clear":      {strings.Replace(isolated, "http://127.0.0.1:1", "http://entente.example", 1), `coreUrl is not an address`},
		"core with a core":     {"coreUrl: https://entente.example", `coreUrl belongs to role worker`},
		"worker of nothing":    {"auth: {tokens: [{name: x, role: worker, secret: {file: " + tight + "}}]}", `a worker has no tenant`},
		"ui of a cluster":      {"temporal: {address: 'x:1', ui: true}", `belongs to the embedded server`},
		"demo with tenants":    {"demo: {on: true}\ntenants: [{tenant: a, tenantId: 0a000000-0000-0000-0000-000000000000, credential: {kind: managedIdentity}}]", `brings its own tenants`},
		"token without role":   {"auth: {tokens: [{name: x, secret: {file: " + tight + "}}]}", `the token has no role`},
		"token without secret": {"auth: {tokens: [{name: x, role: viewer}]}", `the token has no secret`},
		"admin of nothing":     {"auth: {tokens: [{name: x, role: tenant-admin, secret: {file: " + tight + "}}]}", `a tenant admin has no tenant`},
		"platform of one":      {"auth: {tokens: [{name: x, role: platform, tenant: a, secret: {file: " + tight + "}}]}", `belongs to no tenant`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := load(t, c.yaml, nil)
			var problems Problems
			require.ErrorAs(t, err, &problems)
			require.Len(t, problems, 1, "%v", err)
			require.ErrorContains(t, err, c.want)
			require.NotEmpty(t, problems[0].Remedy)
		})
	}
}

func TestMistakesOutsideTheFile(t *testing.T) {
	for want, in := range map[string]struct{ args, env []string }{
		"--listen: listen is":                   {args: []string{"--listen", "x"}},
		"ENTENTE_LISTEN: listen is":             {env: []string{"ENTENTE_LISTEN=x"}},
		"did you mean ENTENTE_LISTEN?":          {env: []string{"ENTENTE_LISTN=127.0.0.1:1"}},
		"flag provided but not defined: -liste": {args: []string{"--liste", "x"}},
		`unexpected argument "serve"`:           {args: []string{"serve"}},
		"visible to every user":                 {args: []string{"--database-url", "postgres://u:p@h/d"}},
		"--config: open /absent":                {args: []string{"--config", "/absent"}},
	} {
		_, err := Load(in.args, in.env, io.Discard)
		require.ErrorContains(t, err, want)
	}
	_, err := Load(nil, []string{"ENTENTE_SERVER=http://x", "ENTENTE_TOKEN=t", "HOME=/"}, io.Discard)
	require.NoError(t, err)
	c, err := Load(nil, []string{"ENTENTE_DATABASE_URL=postgres://u:p@h/d"}, io.Discard)
	require.NoError(t, err)
	url, err := c.DatabaseURL.Read()
	require.NoError(t, err)
	require.Equal(t, "postgres://u:p@h/d", url)
}

func TestHelpListsEveryFlag(t *testing.T) {
	var out bytes.Buffer
	_, err := Load([]string{"--help"}, nil, &out)
	require.ErrorIs(t, err, flag.ErrHelp)
	for _, row := range settings() {
		if row.global() {
			require.Contains(t, out.String(), "--"+row.flag())
		}
	}
}

func TestSecretNeverShows(t *testing.T) {
	s := FromValue("hush")
	raw, err := json.Marshal(map[string]any{"s": s})
	require.NoError(t, err)
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "s", s, "c", Config{DatabaseURL: s})
	for _, shown := range []string{fmt.Sprint(s), fmt.Sprintf("%+v %#v", s, s), fmt.Sprintf("%+v", Config{DatabaseURL: s}), string(raw), log.String()} {
		require.NotContains(t, shown, "hush")
		require.Contains(t, shown, hidden)
	}
	_, err = FromFile(filepath.Join(t.TempDir(), "absent")).Read()
	require.True(t, errors.Is(err, os.ErrNotExist))
}

// The example is right but for the files that only its machine has.
func TestExampleIsValid(t *testing.T) {
	t.Setenv("ENTENTE_ADMIN_B_TOKEN", "x")
	_, err := Load([]string{"--config", "../../deploy/examples/entented.yaml"}, nil, io.Discard)
	var problems Problems
	require.ErrorAs(t, err, &problems)
	for _, p := range problems {
		require.True(t, strings.Contains(p.Message, "/etc/entente/"), p.Error())
	}
}

func TestEverySettingIsReadAndNamedOnce(t *testing.T) {
	names := map[string]bool{}
	for _, row := range settings() {
		require.NotEmpty(t, row.doc, row.path)
		require.False(t, names[row.path], row.path)
		names[row.path] = true
		if row.global() {
			require.False(t, names[row.flag()] && row.flag() != row.path, row.flag())
			names[row.flag()] = true
		}
	}
	var source string
	for _, name := range []string{"build.go", "oidc.go", "notify.go", "worker.go"} {
		raw, err := os.ReadFile(name)
		require.NoError(t, err)
		source += string(raw)
	}
	for _, row := range settings() {
		key := row.path[strings.LastIndexAny(row.path, ".]")+1:]
		require.Contains(t, source, key+`"`, "%s is not read in build.go, oidc.go, notify.go or worker.go", row.path)
	}
}

// TestAWorkerOpensNoOthersCredential: the same file may go to every worker, and each opens its own tenants' secrets only.
func TestAWorkerOpensNoOthersCredential(t *testing.T) {
	own := write(t, "s3cret\n")
	file := fmt.Sprintf(`
role: worker
temporal: {address: "127.0.0.1:7233"}
keysFile: %[1]s
coreUrl: https://entente.example
workerToken: {file: %[1]s}
serve: [C]
tenants:
  - {tenant: b, tenantId: 0b000000-0000-4000-8000-00000000000b, credential: {kind: secret, clientId: x, secret: {file: /absent/b}}}
  - {tenant: c, tenantId: 0c000000-0000-4000-8000-00000000000c, credential: {kind: secret, clientId: x, secret: {file: %[1]s}}}
auth:
  tokens: [{name: worker, role: worker, tenant: "a, b", secret: {file: %[1]s}}]
`, own)
	c, err := load(t, file, nil)
	require.NoError(t, err)
	require.True(t, c.Isolated())
	require.False(t, c.Serves("b"))
	require.True(t, c.Serves("c"))
	require.Equal(t, "a", c.Tokens[0].Tenant)
	require.Equal(t, []string{"b"}, c.Tokens[0].Also)
	_, err = load(t, strings.Replace(file, "serve: [C]", "", 1), nil)
	require.ErrorContains(t, err, "/absent/b")
}

func TestSignInServices(t *testing.T) {
	secretFile := write(t, "s3cret\n")
	c, err := load(t, fmt.Sprintf(`
publicUrl: https://entente.example/
listen: 0.0.0.0:8080
auth:
  oidc:
    - name: A
      issuer: https://login.example/0a000000-0000-4000-8000-00000000000a/v2.0
      clientId: id
      clientSecret: {file: %s}
      scopes: [openid, offline_access]
      roles:
        - {claim: groups, value: g, role: tenant-admin, tenant: a}
        - {claim: appid, value: robot, role: platform, org: x}
    - {issuer: https://accounts.example/, clientId: id, roles: [{claim: sub, value: s, role: viewer}]}
`, secretFile), nil)
	require.NoError(t, err)
	require.Equal(t, "https://entente.example", c.PublicURL)
	require.Len(t, c.OIDC, 2)
	require.Equal(t, []string{"openid", "offline_access"}, c.OIDC[0].Scopes)
	require.Equal(t, RoleRule{Claim: "appid", Value: "robot", Role: "platform", Org: "x"}, c.OIDC[0].Roles[1])
	require.Equal(t, "https://accounts.example/", c.OIDC[1].Issuer, "tokens are compared with it: it stays as written")
	got, err := c.OIDC[0].ClientSecret.Read()
	require.NoError(t, err)
	require.Equal(t, "s3cret", got)
}

func TestMistakesOfTheSignIn(t *testing.T) {
	const good = `{issuer: https://login.example/v2.0, clientId: id, roles: [{claim: sub, value: s, role: viewer}]}`
	for name, c := range map[string]struct{ yaml, want string }{
		"no roles":       {"auth: {oidc: [{issuer: https://login.example, clientId: id}]}", "nobody who signs in here would have a role"},
		"any tenant":     {"auth: {oidc: [{issuer: https://login.example/common/v2.0, clientId: id, roles: [{claim: sub, value: s, role: viewer}]}]}", "stands for every tenant"},
		"http issuer":    {"auth: {oidc: [{issuer: http://login.example, clientId: id, roles: [{claim: sub, value: s, role: viewer}]}]}", "not an https address"},
		"secret in file": {"auth: {oidc: [{issuer: https://login.example, clientId: id, clientSecret: x, roles: [{claim: sub, value: s, role: viewer}]}]}", "must not be in this file"},
		"unknown claim":  {"auth: {oidc: [{issuer: https://login.example, clientId: id, roles: [{claim: group, value: s, role: viewer}]}]}", "did you mean groups?"},
		"no claim":       {"auth: {oidc: [{issuer: https://login.example, clientId: id, roles: [{value: s, role: viewer}]}]}", "the role has no claim"},
		"no tenant":      {"auth: {oidc: [{issuer: https://login.example, clientId: id, roles: [{claim: sub, value: s, role: tenant-admin}]}]}", "a tenant admin has no tenant"},
		"twice":          {"auth: {oidc: [" + good + ", " + good + "]}", "the issuer is in the list twice"},
		"no address":     {"listen: 0.0.0.0:80\nauth: {oidc: [" + good + "]}", "set publicUrl"},
		"clear text":     {"publicUrl: http://entente.example\nauth: {oidc: [" + good + "]}", "without a path; http is for this machine only"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(t, c.yaml, nil)
			require.ErrorContains(t, err, c.want)
		})
	}
}
