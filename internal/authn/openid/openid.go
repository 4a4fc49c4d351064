package openid

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"entente.dev/entente/internal/authn"
)

// Issuer is one sign-in service that this server believes.
type Issuer struct {
	Name         string                 // how people call it; unique
	URL          string                 // exactly the issuer of its tokens: https://login.microsoftonline.com/<tenant id>/v2.0
	ClientID     string                 // our registration, for the console
	ClientSecret func() (string, error) // nil: a public client, which PKCE protects
	// DeviceClientID is the public client of the command line. Empty: ClientID.
	DeviceClientID string
	// Audience names our API in access tokens. Empty: api://ClientID.
	Audience string
	Scopes   []string // nil: openid profile offline_access
	CAFile   string   // roots in addition to the system's
	Rules    []Rule
}

// Rule gives a role to whoever has a value in a claim.
type Rule struct {
	Claim, Value string
	Binding      authn.Binding
}

// Claims lists those that a rule may look at.
//
//	groups  object ids of groups; only as long as the token lists them
//	roles   app roles, of people and of applications
//	sub     the subject as this issuer tells it to this client
//	oid     the object id of a person or a service principal, the same for every client
//	appid   the client id of a workload that signed in as itself; never that of a client that a person used
func Claims() []string { return []string{"groups", "roles", "sub", "oid", "appid"} }

// Options of New.
type Options struct {
	// Redirect is where browsers come back to: the console's public address with /sign-in/callback. It is a function
	// because the address may be known only once the server listens.
	Redirect func() string
	Now      func() time.Time // nil: time.Now
}

// Service implements authn.Authenticator for every configured issuer. It is safe for concurrent use.
type Service struct {
	issuers  []*issuer
	redirect func() string
	now      func() time.Time
}

type issuer struct {
	Issuer
	tenant    string   // the GUID in an Entra issuer's path; empty for others
	accepted  []string // values of iss
	audiences []string
	provider  provider
	keys      keys
}

var inPath = regexp.MustCompile(`(?i)^/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/v2\.0$`)

// New checks the configuration. It reaches for nothing: an issuer that is down must not keep the server down.
func New(configured []Issuer, o Options) (*Service, error) {
	s := &Service{redirect: o.Redirect, now: o.Now}
	if s.now == nil {
		s.now = time.Now
	}
	names, urls := map[string]bool{}, map[string]bool{}
	for i, c := range configured {
		in, err := build(c, s.now)
		if err != nil {
			return nil, fmt.Errorf("sign-in service %d (%s): %w", i+1, c.Name, err)
		}
		if names[in.Name] || urls[in.URL] {
			return nil, fmt.Errorf("sign-in service %d (%s): the name or the issuer is used twice", i+1, c.Name)
		}
		names[in.Name], urls[in.URL] = true, true
		s.issuers = append(s.issuers, in)
	}
	return s, nil
}

func build(c Issuer, now func() time.Time) (*issuer, error) {
	u, err := url.Parse(c.URL)
	switch {
	case err != nil || u.Scheme != "https" || u.Host == "":
		return nil, errors.New("the issuer is not an https address")
	case c.ClientID == "":
		return nil, errors.New("the client id is missing")
	case len(c.Rules) == 0:
		return nil, errors.New("there are no roles: nobody who signs in there could do anything")
	}
	for i, r := range c.Rules {
		if !slices.Contains(Claims(), r.Claim) || r.Value == "" {
			return nil, fmt.Errorf("role %d needs a value in one of the claims %s", i+1, strings.Join(Claims(), ", "))
		}
		if err := r.Binding.Check(); err != nil {
			return nil, fmt.Errorf("role %d: %w", i+1, err)
		}
	}
	in := &issuer{Issuer: c, accepted: []string{c.URL}}
	if in.Name == "" {
		in.Name = u.Host + strings.TrimSuffix(u.Path, "/v2.0")
	}
	if in.DeviceClientID == "" {
		in.DeviceClientID = c.ClientID
	}
	if in.Audience == "" {
		in.Audience = "api://" + c.ClientID
	}
	if in.Scopes == nil {
		in.Scopes = []string{"openid", "profile", "offline_access"}
	}
	in.audiences = []string{in.ClientID, in.DeviceClientID, in.Audience}
	if m := inPath.FindStringSubmatch(u.Path); m != nil {
		in.tenant = strings.ToLower(m[1])
		// Access tokens of an API that did not ask for version 2 come from the tenant's older name, signed with the
		// same keys (Microsoft identity platform documentation, "Access tokens", "Token formats").
		in.accepted = append(in.accepted, "https://sts.windows.net/"+in.tenant+"/")
	}
	client, err := newClient(c.CAFile)
	if err != nil {
		return nil, err
	}
	in.provider = provider{issuer: c.URL, client: client, now: now}
	in.keys = keys{provider: &in.provider, now: now}
	return in, nil
}

// Authenticate implements authn.Authenticator.
func (s *Service) Authenticate(r *http.Request) (authn.Principal, error) {
	token, err := authn.Bearer(r)
	if err != nil {
		return authn.Principal{}, err
	}
	who, _, err := s.believe(r.Context(), token)
	return who, err
}

// believe checks a token of any issuer here.
func (s *Service) believe(ctx context.Context, token string) (authn.Principal, claims, error) {
	head, err := peek(token)
	if err != nil {
		return authn.Principal{}, claims{}, err
	}
	for _, in := range s.issuers {
		if slices.Contains(in.accepted, head.issuer) {
			c, err := in.check(ctx, token, head, s.now)
			if err != nil {
				return authn.Principal{}, c, err
			}
			who, err := in.principal(c)
			return who, c, err
		}
	}
	return authn.Principal{}, claims{}, authn.Refused("the token comes from a sign-in service that this server does not know",
		"sign in with one that `entente login` offers; for Entra, check that the issuer in auth.oidc names the tenant id and ends in /v2.0")
}

func (s *Service) named(name string) (*issuer, error) {
	for _, in := range s.issuers {
		if in.Name == name {
			return in, nil
		}
	}
	return nil, authn.Refused("there is no such sign-in service here", "choose one that the sign-in page offers")
}
