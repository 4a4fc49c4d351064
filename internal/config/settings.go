package config

import "strings"

type kind string

const (
	text     kind = "text"
	number   kind = "number"
	boolean  kind = "true or false"
	duration kind = "duration"
	choice   kind = "choice"
	address  kind = "host:port"
	https    kind = "https URL"
	file     kind = "file"
	list     kind = "comma-separated"
	secret   kind = "secret" // {file: …} or {env: …} in the file
)

// setting is one row. A path with [] belongs to a list and is set in the file only.
type setting struct {
	path     string
	kind     kind
	standard string // the default
	values   []string
	doc      string
	flagName string // where it does not follow from the path
	fileOnly bool   // no variable and no flag
}

func settings() []setting {
	return []setting{
		{path: "dataDir", kind: text, standard: ".data", doc: "Directory of the embedded databases and of the payload keys. Created with mode 0700."},
		{path: "listen", kind: address, standard: "127.0.0.1:8080", doc: "Where the API, the console and `/metrics` listen. There is no TLS here: put a proxy in front before listening on anything but loopback."},
		{path: "publicUrl", kind: https, doc: "Where people reach the console, such as `https://entente.example`: what a sign-in comes back to. With https, cookies are for https only. Empty: where it listens, which is for this machine only."},
		{path: "role", kind: choice, standard: RoleAll, values: []string{RoleAll, RoleAPI, RoleWorker}, doc: "What this process does. `all` runs an embedded Temporal server unless `temporal.address` is given; `api` and `worker` need that address."},
		{path: "serve", kind: list, flagName: "tenants", doc: "The tenants whose queues this process serves, out of `tenants`. Empty serves all of them."},
		{path: "logLevel", kind: choice, standard: "info", values: []string{"debug", "info", "warn", "error"}, doc: "The least important lines that are logged."},
		{path: "keysFile", kind: text, doc: "Payload encryption keys, oldest first; the same file for every process. Default: `payload.keys` in `dataDir`, created at first start."},
		{path: "ledgerKeyFile", kind: text, doc: "The key that signs the ledger; the same file for every process with the API. Default: `ledger.key` in `dataDir`, created at first start."},
		{path: "databaseUrl", kind: secret, doc: "`postgres://…`: keep the store and the embedded Temporal server's state in Postgres. Empty keeps both in SQLite files under `dataDir`. The flag takes a URL without a password only."},
		{path: "coreUrl", kind: https, doc: "Role worker without a database: the API of the core (`https://entente.example`), through which it reads and records. http is for this machine only."},
		{path: "coreCaFile", kind: file, doc: "Roots in addition to the system's, for the core's API."},
		{path: "workerToken", kind: secret, fileOnly: true, doc: "Role worker without a database: the bearer token by which it signs in to the core, which is one of `auth.tokens` there with role `worker`, or an access token of `auth.oidc`. Read again for every request."},
		{path: "codecOrigin", kind: https, doc: "The origin of a Temporal web UI (`https://temporal.example`) whose users may read histories: serves `/v1/codec/decode` to them. Empty: histories stay encrypted there."},
		{path: "temporal.address", kind: address, doc: "A Temporal cluster's frontend. Empty: the embedded server."},
		{path: "temporal.namespace", kind: text, standard: "entente", doc: "The namespace on that cluster."},
		{path: "temporal.caFile", kind: file, doc: "TLS: roots that the cluster's certificate must lead to."},
		{path: "temporal.certFile", kind: file, doc: "TLS: client certificate."},
		{path: "temporal.keyFile", kind: file, doc: "TLS: its key."},
		{path: "temporal.serverName", kind: text, doc: "TLS: the name in the cluster's certificate, where it differs from the address."},
		{path: "temporal.ui", kind: boolean, standard: "false", doc: "Serve Temporal's web UI, read-only, on loopback. Embedded server only."},
		{path: "temporal.port", kind: number, standard: "0", doc: "Port of the embedded server's frontend; 0 picks a free one."},
		{path: "temporal.uiPort", kind: number, standard: "0", doc: "Port of the web UI; 0 picks a free one."},
		{path: "demo.on", kind: boolean, standard: "false", flagName: "demo", doc: "Run the demonstration: the Entra simulator with tenants a, b and c beside everything else."},
		{path: "demo.users", kind: number, standard: "200", doc: "People of each simulated tenant that are not shared."},
		{path: "demo.cycle", kind: duration, standard: "2s", doc: "Cycle of the simulated provisioning engine."},
		{path: "demo.stay", kind: boolean, standard: "false", doc: "Keep serving when the demonstration is done. It does so by itself in a terminal."},
		{path: "tenants[].tenant", kind: text, doc: "**Required.** The tenant's short name, as in the topology; it appears in messages and metrics."},
		{path: "tenants[].tenantId", kind: text, doc: "**Required.** The tenant's GUID, as in the topology: what work for the tenant is addressed to."},
		{path: "tenants[].credential.kind", kind: choice, values: []string{CredentialSecret, CredentialCertificate, CredentialWorkloadIdentity, CredentialManagedIdentity}, doc: "**Required.** How this process proves to be the application in that tenant."},
		{path: "tenants[].credential.clientId", kind: text, doc: "The application's client id. Required, except for a managed identity in its own tenant."},
		{path: "tenants[].credential.secret", kind: secret, doc: "The client secret, for kind `secret`. Read again whenever a token is needed."},
		{path: "tenants[].credential.certificateFile", kind: file, doc: "Certificate and key (PEM or PKCS#12), for kind `certificate`."},
		{path: "tenants[].credential.sendCertificateChain", kind: boolean, standard: "false", doc: "Send the chain, for applications that trust a subject and an issuer."},
		{path: "tenants[].credential.tokenFile", kind: file, doc: "The platform's token, for kind `workloadIdentity`. Empty: the path in AZURE_FEDERATED_TOKEN_FILE."},
		{path: "tenants[].credential.managedIdentityId", kind: text, doc: "Client id of a user-assigned identity, for kind `managedIdentity`."},
		{path: "tenants[].authority", kind: https, doc: "The sign-in service. Empty: `https://login.microsoftonline.com`."},
		{path: "tenants[].graph", kind: https, doc: "Microsoft Graph. Empty: `https://graph.microsoft.com`."},
		{path: "tenants[].caFile", kind: file, doc: "Roots in addition to the system's, for inspecting proxies and the simulator."},
		{path: "auth.oidc[].name", kind: text, doc: "How people call this sign-in service: in the console and in `entente login --service NAME`. Empty: the issuer's host and path."},
		{path: "auth.oidc[].issuer", kind: https, doc: "**Required.** The issuer, exactly as its tokens name it: for Entra `https://login.microsoftonline.com/<tenant id>/v2.0`, one entry for each tenant."},
		{path: "auth.oidc[].clientId", kind: text, doc: "**Required.** Our application registration there. Its redirect URI is `publicUrl` with `/sign-in/callback`."},
		{path: "auth.oidc[].clientSecret", kind: secret, doc: "The registration's secret, for the console. Empty: a public client."},
		{path: "auth.oidc[].deviceClientId", kind: text, doc: "The public client for `entente login`, where it is another registration than `clientId`."},
		{path: "auth.oidc[].audience", kind: text, doc: "What access tokens of pipelines must be for. Empty: `api://` and the client id. Id tokens of the two clients are always taken."},
		{path: "auth.oidc[].caFile", kind: file, doc: "Roots in addition to the system's, for inspecting proxies and the simulator."},
		{path: "auth.oidc[].scopes", kind: list, doc: "What is asked for at a sign-in. Empty: `openid`, `profile`, `offline_access`; without the last one people sign in again when a token ends."},
		{path: "auth.oidc[].roles[].claim", kind: choice, values: []string{"groups", "roles", "sub", "oid", "appid"}, doc: "**Required.** Where to look: group object ids, app roles, the subject, the object id, or the client id of a workload that signed in as itself. Whoever matches several entries has all their roles; whoever matches none has no way in."},
		{path: "auth.oidc[].roles[].value", kind: text, doc: "**Required.** What must be there."},
		{path: "auth.oidc[].roles[].role", kind: choice, values: []string{"platform", "tenant-admin", "viewer", "worker"}, doc: "**Required.** What it gives."},
		{path: "auth.oidc[].roles[].tenant", kind: text, doc: "The tenant of a tenant admin or a worker (required) or of a viewer (optional)."},
		{path: "auth.oidc[].roles[].org", kind: text, doc: "The only organization that the role holds for. Empty: every one here."},
		{path: "auth.tokens[].name", kind: text, doc: "**Required.** Who it is; appears in the ledger."},
		{path: "auth.tokens[].role", kind: choice, values: []string{"platform", "tenant-admin", "viewer", "worker"}, doc: "**Required.** What the bearer may do. A `worker` is a process that serves tenants without a database."},
		{path: "auth.tokens[].tenant", kind: text, doc: "The tenant of a tenant admin or a worker (required) or of a viewer (optional). A worker may have several, comma-separated."},
		{path: "auth.tokens[].org", kind: text, doc: "The only organization that it may touch. Empty: every one here."},
		{path: "auth.tokens[].secret", kind: secret, doc: "**Required.** The token itself."},
		{path: "notify.channels[].name", kind: text, doc: "**Required.** The channel's name; it stands in the ledger. Every process with workers needs the same channels."},
		{path: "notify.channels[].kind", kind: choice, values: []string{ChannelSMTP, ChannelTeams, ChannelWebhook}, doc: "**Required.** How people are told of requests: mail, a card in Microsoft Teams, or a signed message to a service of yours. All need `publicUrl`."},
		{path: "notify.channels[].tenants", kind: list, doc: "The tenants whose requests are told here. Empty: every one."},
		{path: "notify.channels[].occasions", kind: list, values: []string{"asked", "reminded", "ended"}, doc: "What is told: `asked`, `reminded` (nobody has answered yet), `ended` (approved, rejected, expired or withdrawn). Empty: all three; with `escalation` the last two."},
		{path: "notify.channels[].escalation", kind: boolean, standard: "false", doc: "A second group: told when nobody has answered for the topology's `escalateAfter`, and of reminders and the end from then on. With `asked` among its occasions it is told of everything from the beginning."},
		{path: "notify.channels[].caFile", kind: file, doc: "Roots in addition to the system's, for inspecting proxies and servers of your own."},
		{path: "notify.channels[].smtp.address", kind: address, doc: "The mail server, for kind `smtp`. Required."},
		{path: "notify.channels[].smtp.tls", kind: choice, standard: StartTLS, values: []string{StartTLS, FullTLS, NoTLS}, doc: "`startTLS` (port 587 or 25) never goes on in clear text; `tls` begins encrypted (port 465); `none` is for this machine only."},
		{path: "notify.channels[].smtp.from", kind: text, doc: "The sender's address. Required."},
		{path: "notify.channels[].smtp.to", kind: list, doc: "The recipients' addresses. Required. They see each other: one channel for one group."},
		{path: "notify.channels[].smtp.username", kind: text, doc: "User name, where the server wants one."},
		{path: "notify.channels[].smtp.password", kind: secret, doc: "Its password. Read again for every mail."},
		{path: "notify.channels[].teams.url", kind: secret, doc: "The URL of a Teams workflow that posts what it receives, for kind `teams`. Required. It is a secret: whoever has it can post."},
		{path: "notify.channels[].webhook.url", kind: https, doc: "Where messages are posted, for kind `webhook`. Required. Redirects are not followed."},
		{path: "notify.channels[].webhook.secret", kind: secret, doc: "What messages are signed with: 24 to 64 random bytes in base64. Required. Read again for every message."},
		{path: "notify.channels[].webhook.previousSecret", kind: secret, doc: "A second secret that signs too, while the receiver changes from one to the other."},
		{path: "ledgerExport.url", kind: https, fileOnly: true, doc: "Where the ledger is sent as it grows, in signed batches. Set it in one process with the API. Empty: nowhere."},
		{path: "ledgerExport.secret", kind: secret, fileOnly: true, doc: "What batches are signed with: 24 to 64 random bytes in base64. Required with `ledgerExport.url`."},
		{path: "ledgerExport.previousSecret", kind: secret, fileOnly: true, doc: "A second secret that signs too, while the receiver changes from one to the other."},
		{path: "ledgerExport.caFile", kind: file, fileOnly: true, doc: "Roots in addition to the system's."},
		{path: "notify.allowPrivate", kind: list, fileOnly: true, doc: "Receivers (host:port, as in the URL) that may have a private or loopback address, for rehearsals. All others must not, whatever their name resolves to. Mail servers may."},
	}
}

// global tells whether the setting can come from a variable and a flag.
func (s setting) global() bool { return !s.fileOnly && !strings.Contains(s.path, "[]") }

// flag is the path in kebab case: temporal.uiPort is --temporal-ui-port.
func (s setting) flag() string {
	if s.flagName != "" {
		return s.flagName
	}
	return strings.Join(s.words(), "-")
}

// env is the flag's name in capitals: ENTENTE_TEMPORAL_UI_PORT.
func (s setting) env() string {
	return "ENTENTE_" + strings.ToUpper(strings.ReplaceAll(s.flag(), "-", "_"))
}

func (s setting) words() []string {
	var words []string
	for _, part := range strings.Split(s.path, ".") {
		start := 0
		for i, r := range part {
			if r >= 'A' && r <= 'Z' {
				words = append(words, strings.ToLower(part[start:i]))
				start = i
			}
		}
		words = append(words, strings.ToLower(part[start:]))
	}
	return words
}

// find returns the row for a concrete path such as tenants[2].graph.
func find(path string) (setting, bool) {
	pattern := generalize(path)
	for _, s := range settings() {
		if s.path == pattern {
			return s, true
		}
	}
	return setting{}, false
}

// generalize replaces list positions: tenants[2].graph is tenants[].graph.
func generalize(path string) string {
	var b strings.Builder
	in := false
	for _, r := range path {
		switch {
		case r == '[':
			in = true
			b.WriteRune(r)
		case r == ']':
			in = false
			b.WriteRune(r)
		case !in:
			b.WriteRune(r)
		}
	}
	return b.String()
}
