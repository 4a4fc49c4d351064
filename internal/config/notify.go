package config

import (
	"encoding/base64"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// The kinds of channel; internal/notify has the same words.
const (
	ChannelSMTP    = "smtp"
	ChannelTeams   = "teams"
	ChannelWebhook = "webhook"
)

// How the connection to a mail server is secured.
const (
	StartTLS = "startTLS"
	FullTLS  = "tls"
	NoTLS    = "none"
)

// Notify is who is told of requests, and how. No channels: nobody.
type Notify struct {
	Channels     []Channel
	AllowPrivate []string // host:port, exactly as in a URL
}

// Channel is one way to tell the admins of some tenants.
type Channel struct {
	Name       string
	Kind       string
	Tenants    []string // empty: all
	Occasions  []string // asked, reminded, ended; never empty
	Escalation bool     // told when nobody has answered for too long
	CAFile     string
	SMTP       SMTP
	TeamsURL   Secret // whoever has it can post
	Webhook    Webhook
}

// SMTP is a mail server and who gets the mails.
type SMTP struct {
	Address  string
	TLS      string // startTLS, tls or none
	From     string
	To       []string
	Username string
	Password Secret
}

// LedgerExport is where the ledger is sent as it grows.
type LedgerExport struct {
	Webhook
	CAFile string
}

// Webhook is a receiver of signed messages.
type Webhook struct {
	URL            string
	Secret         Secret
	PreviousSecret Secret // also signs, while the receiver changes over
}

func (s *source) notify() Notify {
	n := Notify{AllowPrivate: s.list("notify.allowPrivate")}
	for _, address := range n.AllowPrivate {
		if _, _, err := net.SplitHostPort(address); err != nil {
			s.report(s.placeOf("notify.allowPrivate"), fmt.Sprintf("notify.allowPrivate holds %q", address), "write host:port, as in the channel's URL; 443 too")
		}
	}
	for i := range s.lengths["notify.channels"] {
		n.Channels = append(n.Channels, s.channel(fmt.Sprintf("notify.channels[%d]", i)))
	}
	return n
}

// channelName is what fits into ledger keys and message identifiers.
var channelName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$`)

func (s *source) channel(path string) Channel {
	c := Channel{
		Name: s.required(path + ".name"), Kind: s.choice(path + ".kind"), Tenants: s.list(path + ".tenants"),
		Escalation: s.boolean(path + ".escalation"), CAFile: s.file(path + ".caFile"),
	}
	if c.Name != "" && !channelName.MatchString(c.Name) {
		s.report(s.placeOf(path+".name"), fmt.Sprintf("%s.name is %q", path, c.Name), "write at most 63 letters, digits, - and _")
	}
	c.Occasions = s.occasions(path+".occasions", c.Escalation)
	s.onlyOfKind(path, c.Kind)
	switch c.Kind {
	case ChannelSMTP:
		c.SMTP = s.smtp(path + ".smtp")
	case ChannelTeams:
		if c.TeamsURL = s.secret(path+".teams.url", true); !s.has(path + ".teams.url") {
			s.report(s.placeOf(path), "a channel of kind teams has no teams.url", "add teams: {url: {file: /path}}, with the workflow's URL in that file")
		}
		s.hiddenURL(path+".teams.url", c.TeamsURL)
	case ChannelWebhook:
		c.Webhook = s.webhook(path + ".webhook")
	case "":
		if !s.has(path + ".kind") {
			s.report(s.placeOf(path), "the channel has no kind", "write one of smtp, teams, webhook")
		}
	}
	return c
}

// occasions are what a channel is told. Escalation is a setting of its own, because it also says from when on the rest
// is told.
func (s *source) occasions(path string, escalation bool) []string {
	list := s.list(path)
	if len(list) == 0 {
		if escalation {
			return []string{"reminded", "ended"}
		}
		return []string{"asked", "reminded", "ended"}
	}
	row, _ := find(path)
	for _, o := range list {
		remedy := "write some of " + strings.Join(row.values, ", ")
		if o == "escalated" {
			remedy = "write escalation: true"
		} else if near := nearest(o, row.values); near != "" {
			remedy = "did you mean " + near + "?"
		}
		if !slices.Contains(row.values, o) {
			s.report(s.placeOf(path), fmt.Sprintf("%s holds %q", path, o), remedy)
		}
	}
	return list
}

func (s *source) onlyOfKind(path, kind string) {
	for _, other := range []string{ChannelSMTP, ChannelTeams, ChannelWebhook} {
		if kind != "" && kind != other && s.has(path+"."+other) {
			s.report(s.placeOf(path+"."+other), fmt.Sprintf("%s belongs to kind %s, and the kind is %s", other, other, kind), "remove it, or change the kind")
		}
	}
}

func (s *source) smtp(path string) SMTP {
	m := SMTP{
		Address: s.address(path + ".address"), TLS: s.choice(path + ".tls"), From: s.required(path + ".from"), To: s.list(path + ".to"),
		Username: s.text(path + ".username"), Password: s.secret(path+".password", true),
	}
	if !s.has(path + ".address") {
		s.report(s.placeOf(path), path+".address is missing", "write the mail server as host:port, for example mail.example:587")
	}
	if m.TLS == "" {
		m.TLS = StartTLS
	}
	if host, _, _ := net.SplitHostPort(m.Address); m.TLS == NoTLS && m.Address != "" && !loopback(host) {
		s.report(s.placeOf(path+".tls"), "mail would travel in clear text", "write tls: startTLS or tls: tls; none is for this machine only")
	}
	if (m.Username == "") != m.Password.IsZero() && !s.broken[path+".password"] {
		s.report(s.placeOf(path), "a user name and its password come together", "set both username and password, or neither")
	}
	if m.From != "" {
		s.mailAddress(path+".from", m.From)
	}
	if len(m.To) == 0 {
		s.report(s.placeOf(path), path+".to is missing", "list the addresses: [admins@c.example]")
	}
	for _, to := range m.To {
		s.mailAddress(path+".to", to)
	}
	return m
}

// mailAddress takes plain addresses only. The message does not repeat the address.
func (s *source) mailAddress(path, text string) {
	a, err := mail.ParseAddress(text)
	if err != nil || a.Address != text || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		s.report(s.placeOf(path), path+" holds something that is no mail address", "write name@host, without a display name")
	}
}

func (s *source) webhook(path string) Webhook {
	w := Webhook{URL: s.webhookURL(path + ".url"), Secret: s.signingSecret(path + ".secret"), PreviousSecret: s.signingSecret(path + ".previousSecret")}
	if !s.has(path + ".secret") {
		s.report(s.placeOf(path), path+" has no secret to sign with", "add secret: {file: /path}; openssl rand -base64 32 makes one")
	}
	return w
}

// ledgerExport is like a webhook of a channel, and optional.
func (s *source) ledgerExport() LedgerExport {
	if !s.has("ledgerExport") {
		return LedgerExport{}
	}
	return LedgerExport{Webhook: s.webhook("ledgerExport"), CAFile: s.file("ledgerExport.caFile")}
}

func (s *source) webhookURL(path string) string {
	text := s.required(path)
	if text != "" && !plainHTTPS(text) {
		s.report(s.placeOf(path), path+" is not an https address", "write https://host/path, without a user or a fragment")
		return ""
	}
	return text
}

func plainHTTPS(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Scheme == "https" && u.Hostname() != "" && u.User == nil && u.Fragment == ""
}

// hiddenURL checks an address that is itself a secret.
func (s *source) hiddenURL(path string, secret Secret) {
	if text, err := secret.Read(); !secret.IsZero() && err == nil && !plainHTTPS(text) {
		s.report(s.placeOf(path), path+": "+secret.Source()+" holds no https address", "put the workflow's URL there, in one line")
	}
}

// signingSecret is base64 of 24 to 64 bytes, with or without whsec_ before it.
func (s *source) signingSecret(path string) Secret {
	secret := s.secret(path, true)
	if text, err := secret.Read(); !secret.IsZero() && err == nil {
		raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(text, "whsec_"))
		if err != nil || len(raw) < 24 || len(raw) > 64 {
			s.report(s.placeOf(path), path+": "+secret.Source()+" holds no signing secret", "put 24 to 64 random bytes there as base64; openssl rand -base64 32 makes one")
		}
	}
	return secret
}

// notifyRelations are the rules between channels, and between them and the rest.
func (s *source) notifyRelations(c *Config) {
	if len(c.Notify.Channels) > 0 && c.PublicURL == "" && c.Role != RoleAPI && !s.has("publicUrl") {
		s.report(s.placeOf("notify.channels"), "people are told of requests, and nothing says where they answer", "set publicUrl to where people reach the console")
	}
	names, tenants := map[string]bool{}, map[string]bool{}
	for _, t := range c.Tenants {
		tenants[t.Tenant] = true
	}
	for i, channel := range c.Notify.Channels {
		path := fmt.Sprintf("notify.channels[%d]", i)
		if channel.Name != "" && names[channel.Name] {
			s.report(s.placeOf(path+".name"), fmt.Sprintf("channel %s is in the list twice", channel.Name), "give each its own name")
		}
		names[channel.Name] = true
		for _, name := range channel.Tenants {
			if len(tenants) > 0 && !tenants[name] { // another process may hold its credential: no mistake
				c.Warnings = append(c.Warnings, Problem{
					Place: s.placeOf(path + ".tenants"), Message: fmt.Sprintf("channel %s is for tenant %s, which is not in tenants", channel.Name, name),
					Remedy: "correct the name, unless another process serves that tenant",
				})
			}
		}
	}
}
