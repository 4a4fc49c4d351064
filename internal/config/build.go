package config

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// build checks every value and every rule between values, and reports all that is wrong.
func (s *source) build() *Config {
	c := &Config{
		DataDir:     s.text("dataDir"),
		Listen:      s.address("listen"),
		Role:        s.choice("role"),
		Serve:       s.list("serve"),
		DatabaseURL: s.secret("databaseUrl", false),
		Temporal: Temporal{
			Address:   s.address("temporal.address"),
			Namespace: s.text("temporal.namespace"),
			TLS: TLS{
				CAFile: s.file("temporal.caFile"), CertFile: s.file("temporal.certFile"),
				KeyFile: s.file("temporal.keyFile"), ServerName: s.text("temporal.serverName"),
			},
			UI: s.boolean("temporal.ui"), Port: s.number("temporal.port", 0, 65535), UIPort: s.number("temporal.uiPort", 0, 65535),
		},
		KeysFile:      s.text("keysFile"),
		PublicURL:     s.publicURL("publicUrl"),
		Core:          s.core(),
		CodecOrigin:   s.publicURL("codecOrigin"),
		Notify:        s.notify(),
		LedgerKeyFile: s.text("ledgerKeyFile"),
		LedgerExport:  s.ledgerExport(),
		Demo:          Demo{On: s.boolean("demo.on"), Users: s.number("demo.users", 0, 100_000), Cycle: s.duration("demo.cycle"), Stay: s.boolean("demo.stay")},
	}
	_ = c.LogLevel.UnmarshalText([]byte(s.choice("logLevel"))) // the table lists slog's own words
	for i := range s.lengths["tenants"] {
		path := fmt.Sprintf("tenants[%d]", i)
		if !c.Serves(s.text(path + ".tenant")) {
			s.elsewhere = path + "."
		}
		c.Tenants = append(c.Tenants, s.tenant(path))
		s.elsewhere = ""
	}
	for i := range s.lengths["auth.tokens"] {
		c.Tokens = append(c.Tokens, s.token(fmt.Sprintf("auth.tokens[%d]", i)))
	}
	for i := range s.lengths["auth.oidc"] {
		c.OIDC = append(c.OIDC, s.oidc(fmt.Sprintf("auth.oidc[%d]", i)))
	}
	s.relations(c)
	s.worker(c)
	s.signIn(c)
	s.notifyRelations(c)
	if c.KeysFile == "" {
		c.KeysFile = filepath.Join(c.DataDir, "payload.keys")
	}
	return c
}

// relations are the rules between settings.
func (s *source) relations(c *Config) {
	if c.Role == RoleAPI || c.Role == RoleWorker {
		if c.Temporal.Address == "" {
			s.report(s.placeOf("role"), fmt.Sprintf("role %s needs a Temporal cluster: only role all embeds one", c.Role), "set temporal.address, or role: all")
		}
		if c.KeysFile == "" {
			s.report(s.placeOf("role"), fmt.Sprintf("role %s shares payloads with other processes and needs their keys", c.Role), "set keysFile to a copy of their payload.keys")
		}
	}
	if c.Temporal.Address != "" && c.Temporal.UI {
		s.report(s.placeOf("temporal.ui"), "the web UI belongs to the embedded server", "remove temporal.ui, or temporal.address")
	}
	if (c.Temporal.TLS.CertFile == "") != (c.Temporal.TLS.KeyFile == "") {
		s.report(s.placeOf("temporal.certFile"), "a client certificate and its key come together", "set both temporal.certFile and temporal.keyFile")
	}
	if c.Demo.On && len(c.Tenants) > 0 {
		s.report(s.placeOf("demo.on"), "the demonstration brings its own tenants", "remove tenants, or the demo")
	}
	if c.Demo.On && c.Demo.Cycle > 0 && c.Demo.Cycle < 100*time.Millisecond {
		s.report(s.placeOf("demo.cycle"), "demo.cycle is below 100ms", "write 100ms or more")
	}
	names := map[string]bool{}
	for i, t := range c.Tenants {
		if t.Tenant != "" && names[strings.ToLower(t.Tenant)] {
			s.report(s.placeOf(fmt.Sprintf("tenants[%d].tenant", i)), fmt.Sprintf("tenant %s is in the list twice", t.Tenant), "remove one")
		}
		names[strings.ToLower(t.Tenant)] = true
	}
	for _, name := range c.Serve {
		if !c.Demo.On && !names[strings.ToLower(name)] {
			s.report(s.placeOf("serve"), fmt.Sprintf("tenant %s is not in tenants", name), "add it there with its credential, or leave it out here")
		}
	}
	seen := map[string]bool{}
	for i, t := range c.Tokens {
		if t.Name != "" && seen[t.Name] {
			s.report(s.placeOf(fmt.Sprintf("auth.tokens[%d].name", i)), fmt.Sprintf("token %s is in the list twice", t.Name), "give each its own name")
		}
		seen[t.Name] = true
	}
}

func (s *source) tenant(path string) Tenant {
	credential := path + ".credential"
	t := Tenant{
		Tenant:    s.required(path + ".tenant"),
		TenantID:  s.guid(path + ".tenantId"),
		Authority: s.https(path + ".authority"),
		Graph:     s.https(path + ".graph"),
		CAFile:    s.file(path + ".caFile"),
		Credential: Credential{
			Kind:                 s.choice(credential + ".kind"),
			ClientID:             s.text(credential + ".clientId"),
			Secret:               s.secret(credential+".secret", true),
			CertificateFile:      s.secretFile(credential + ".certificateFile"),
			TokenFile:            s.file(credential + ".tokenFile"),
			ManagedIdentityID:    s.text(credential + ".managedIdentityId"),
			SendCertificateChain: s.boolean(credential + ".sendCertificateChain"),
		},
	}
	s.credential(credential, t.Credential)
	return t
}

// credential checks that a kind has what it needs and nothing of another kind.
func (s *source) credential(path string, c Credential) {
	if c.Kind == "" {
		if !s.has(path + ".kind") {
			s.report(s.placeOf(path), "the tenant has no credential.kind", "write one of secret, certificate, workloadIdentity, managedIdentity")
		}
		return
	}
	belongs := map[string]string{
		"secret": CredentialSecret, "certificateFile": CredentialCertificate, "sendCertificateChain": CredentialCertificate,
		"tokenFile": CredentialWorkloadIdentity, "managedIdentityId": CredentialManagedIdentity,
	}
	for _, key := range []string{"secret", "certificateFile", "sendCertificateChain", "tokenFile", "managedIdentityId"} {
		if s.has(path+"."+key) && belongs[key] != c.Kind {
			s.report(s.placeOf(path+"."+key), fmt.Sprintf("%s belongs to kind %s, and the kind is %s", key, belongs[key], c.Kind), "remove it, or change the kind")
		}
	}
	need := func(key string, missing bool) {
		if missing && !s.has(path+"."+key) {
			s.report(s.placeOf(path), fmt.Sprintf("a credential of kind %s has no %s", c.Kind, key), "add credential."+key)
		}
	}
	need("clientId", c.ClientID == "" && c.Kind != CredentialManagedIdentity)
	need("secret", c.Kind == CredentialSecret && c.Secret.IsZero())
	need("certificateFile", c.Kind == CredentialCertificate && c.CertificateFile == "")
}

func (s *source) token(path string) Token {
	t := Token{
		Name:   s.required(path + ".name"),
		Role:   s.choice(path + ".role"),
		Tenant: s.text(path + ".tenant"),
		Org:    s.text(path + ".org"),
		Secret: s.secret(path+".secret", true),
	}
	if t.Role == RoleWorker {
		if all := s.list(path + ".tenant"); len(all) > 0 {
			t.Tenant, t.Also = all[0], all[1:]
		}
	}
	s.role(path, "token", t.Role, t.Tenant)
	if !s.has(path + ".secret") {
		s.report(s.placeOf(path), "the token has no secret", "add secret: {file: /path} or {env: NAME}")
	}
	return t
}

// has tells whether anything was written for the path.
func (s *source) has(path string) bool {
	_, scalar := s.values[path]
	_, written := s.places[path]
	return scalar || written
}

// placeOf is the best place to point at: the value, its key, or what encloses it.
func (s *source) placeOf(path string) string {
	for {
		if v, ok := s.values[path]; ok {
			return v.place
		}
		if place, ok := s.places[path]; ok {
			return place
		}
		cut := strings.LastIndexAny(path, ".[")
		if cut < 0 {
			return "defaults"
		}
		path = path[:cut]
	}
}

func (s *source) text(path string) string { return strings.TrimSpace(s.values[path].text) }

func (s *source) required(path string) string {
	text := s.text(path)
	if text == "" {
		s.report(s.placeOf(path), path+" is missing", "add it")
	}
	return text
}

var guid = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

func (s *source) guid(path string) string {
	text := strings.ToLower(s.required(path))
	if text != "" && !guid.MatchString(text) {
		s.report(s.placeOf(path), fmt.Sprintf("%s is %q", path, text), "write the tenant's GUID; Entra shows it as Tenant ID")
	}
	return text
}

func (s *source) list(path string) []string {
	var out []string
	for part := range strings.SplitSeq(s.text(path), ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

func (s *source) choice(path string) string {
	text := s.text(path)
	row, _ := find(path)
	if text == "" || slices.Contains(row.values, text) {
		return text
	}
	remedy := "write one of " + strings.Join(row.values, ", ")
	if near := nearest(text, row.values); near != "" {
		remedy = "did you mean " + near + "?"
	}
	s.report(s.placeOf(path), fmt.Sprintf("%s is %q", path, text), remedy)
	return ""
}

func (s *source) boolean(path string) bool {
	text := s.text(path)
	v, err := strconv.ParseBool(text)
	if err != nil && text != "" {
		s.report(s.placeOf(path), fmt.Sprintf("%s is %q", path, text), "write true or false")
	}
	return v
}

func (s *source) number(path string, low, high int) int {
	v, err := strconv.Atoi(s.text(path))
	if err != nil || v < low || v > high {
		s.report(s.placeOf(path), fmt.Sprintf("%s is %q", path, s.text(path)), fmt.Sprintf("write a whole number from %d to %d", low, high))
		return 0
	}
	return v
}

var days = regexp.MustCompile(`^(\d+)d$`)

func (s *source) duration(path string) time.Duration {
	text := s.text(path)
	if m := days.FindStringSubmatch(text); m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil {
			text = fmt.Sprintf("%dh", 24*n)
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		s.report(s.placeOf(path), fmt.Sprintf("%s is %q", path, s.text(path)), "write a number with its unit: 40m, 24h or 30s")
		return 0
	}
	return d
}

func (s *source) address(path string) string {
	text := s.text(path)
	if text == "" {
		return ""
	}
	_, port, err := net.SplitHostPort(text)
	if n, bad := strconv.Atoi(port); err != nil || bad != nil || n < 0 || n > 65535 {
		s.report(s.placeOf(path), fmt.Sprintf("%s is %q", path, text), "write host:port, for example 127.0.0.1:8080")
		return ""
	}
	return text
}

func (s *source) https(path string) string {
	text := s.text(path)
	if text == "" {
		return ""
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		s.report(s.placeOf(path), fmt.Sprintf("%s is not an https address", path), "write https://host or https://host:port")
		return ""
	}
	return strings.TrimSuffix(text, "/")
}

func (s *source) file(path string) string {
	text := s.text(path)
	if text == "" {
		return ""
	}
	if info, err := os.Stat(text); !s.foreign(path) && (err != nil || info.IsDir()) {
		s.report(s.placeOf(path), fmt.Sprintf("%s: %s is no file that this user can read", path, text), "give the path of one; relative paths count from the working directory")
	}
	return text
}

// secretFile is a file that only its owner and group may read.
func (s *source) secretFile(path string) string {
	text := s.file(path)
	if text == "" {
		return ""
	}
	if _, err := os.Stat(text); err == nil && !s.foreign(path) {
		if err := checkPermissions(text); err != nil {
			s.report(s.placeOf(path), err.Error(), remedyFor(err))
		}
	}
	return text
}

// secret reads a reference and tries it once, so that a missing one is known at start. A direct value comes from a
// variable or a flag.
func (s *source) secret(path string, referenceOnly bool) Secret {
	if s.broken[path] {
		return Secret{}
	}
	ref := Secret{file: s.text(path + ".file"), env: s.text(path + ".env")}
	// A variable or a flag wins over the file's reference.
	if direct := s.text(path); direct != "" && !referenceOnly {
		ref = Secret{value: direct}
	}
	if ref.IsZero() {
		if _, written := s.places[path]; written {
			s.report(s.placeOf(path), path+" says neither file nor env", "write {file: /path} or {env: NAME}")
		}
		return ref
	}
	if ref.file != "" && ref.env != "" {
		s.report(s.placeOf(path), path+" says both file and env", "keep one")
		return Secret{}
	}
	if s.foreign(path) {
		return ref
	}
	if _, err := ref.Read(); err != nil {
		s.report(s.placeOf(path), path+": "+err.Error(), remedyFor(err))
	}
	return ref
}
