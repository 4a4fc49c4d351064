package openid

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode"

	"entente.dev/entente/internal/authn"
	"entente.dev/entente/internal/problem"
)

// claims of a token that was proven.
type claims struct {
	Issuer  string            `json:"-"` // the configured one
	Subject string            `json:"sub"`
	Object  string            `json:"oid"`
	Tenant  string            `json:"tid"`
	Nonce   string            `json:"nonce"`
	Client  string            `json:"azp"`   // version 2
	App     string            `json:"appid"` // version 1
	Type    string            `json:"idtyp"`
	Scopes  string            `json:"scp"`
	Names   map[string]string `json:"_claim_names"`
	Groups  texts             `json:"groups"`
	Roles   texts             `json:"roles"`

	Preferred string `json:"preferred_username"`
	UPN       string `json:"upn"`
	expires   time.Time
}

// texts is a list that some issuers write as one text when it has one item.
type texts []string

// UnmarshalJSON takes both forms.
func (t *texts) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*t = texts{one}
		return nil
	}
	return json.Unmarshal(raw, (*[]string)(t))
}

// workload is the client id of an application that signed in as itself; empty where a person stands behind the
// token. Every person's token names the client that the person used, and that must not be taken for the client.
// An application's subject is its own object id, and it has no delegated permissions (Microsoft identity platform
// documentation, "Access token claims reference": idtyp, oid, scp).
func (c claims) workload() string {
	client := c.App
	if client == "" {
		client = c.Client
	}
	alone := c.Object != "" && c.Object == c.Subject
	if c.Scopes != "" || c.Type != "" && c.Type != "app" || !alone {
		return ""
	}
	return client
}

// values of a claim that a rule looks at.
func (c claims) values(claim string) []string {
	switch claim {
	case "groups":
		return c.Groups
	case "roles":
		return c.Roles
	case "sub":
		return []string{c.Subject}
	case "oid":
		return []string{c.Object}
	case "appid":
		return []string{c.workload()}
	default:
		return nil
	}
}

// same compares ids without regard to case, as Entra does, and everything else exactly.
func same(claim, have, want string) bool {
	if claim == "sub" || claim == "roles" {
		return have == want
	}
	return strings.EqualFold(have, want)
}

// principal gives every role that a rule grants. No rule, no role, no way in.
func (in *issuer) principal(c claims) (authn.Principal, error) {
	var held []authn.Binding
	for _, rule := range in.Rules {
		if slices.ContainsFunc(c.values(rule.Claim), func(v string) bool { return v != "" && same(rule.Claim, v, rule.Value) }) {
			held = append(held, rule.Binding)
		}
	}
	if len(held) == 0 {
		return authn.Principal{}, in.roleless(c)
	}
	return authn.Principal{Name: c.name(), Subject: c.Issuer + "#" + first(c.Object, c.Subject)}.Hold(held), nil
}

// roleless tells somebody who is who they say, and nobody here. It is no Unauthenticated: signing in again would
// not help.
func (in *issuer) roleless(c claims) error {
	p := &problem.Error{
		Kind: problem.Forbidden, Op: "sign in", Detail: "you are signed in, and have no role on this server",
		Remedy: "ask the platform team for a group or an app role that auth.oidc maps to a role, then sign in again",
	}
	if _, overage := c.Names["groups"]; overage {
		p.Detail = "you are signed in, and are in so many groups that the token does not list them"
		p.Remedy = "let the application registration emit only groups assigned to the application, or use app roles"
	}
	return p
}

// nameLimit is longer than any user principal name, and short enough for every page.
const nameLimit = 320

// name is under which decisions are recorded.
func (c claims) name() string {
	name := first(c.Preferred, c.UPN, c.workload(), c.Subject)
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, name)
	if runes := []rune(name); len(runes) > nameLimit {
		name = string(runes[:nameLimit])
	}
	return name
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
