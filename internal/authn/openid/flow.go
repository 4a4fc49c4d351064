package openid

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"entente.dev/entente/internal/authn"
	"entente.dev/entente/internal/problem"
)

// Names are those of the services, for the sign-in page.
func (s *Service) Names() []string {
	names := make([]string, len(s.issuers))
	for i, in := range s.issuers {
		names[i] = in.Name
	}
	return names
}

// Offered is what clients need for the device code flow. A service that cannot be reached is listed without its
// addresses.
func (s *Service) Offered(ctx context.Context) []authn.Service {
	out := make([]authn.Service, 0, len(s.issuers))
	for _, in := range s.issuers {
		one := authn.Service{Name: in.Name, Issuer: in.URL, ClientID: in.DeviceClientID, Scopes: in.Scopes}
		if found, _, err := in.provider.get(ctx); err == nil {
			one.TokenURL, one.DeviceURL = found.Endpoint().TokenURL, found.Endpoint().DeviceAuthURL
		}
		out = append(out, one)
	}
	return out
}

// Begin starts a sign-in in a browser. With choose the service asks which account to use, even where it knows one:
// that is what somebody expects who just signed out.
func (s *Service) Begin(ctx context.Context, service string, choose bool) (authn.Attempt, error) {
	in, err := s.named(service)
	if err != nil {
		return authn.Attempt{}, err
	}
	config, err := in.oauth(ctx, s.redirect())
	if err != nil {
		return authn.Attempt{}, err
	}
	a := authn.Attempt{Service: service, State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier()}
	options := []oauth2.AuthCodeOption{oidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Verifier)}
	if choose {
		options = append(options, oauth2.SetAuthURLParam("prompt", "select_account"))
	}
	a.URL = config.AuthCodeURL(a.State, options...)
	return a, nil
}

// Complete takes what the browser brought back for the attempt that it keeps.
func (s *Service) Complete(ctx context.Context, a authn.Attempt, answer url.Values) (authn.Grant, error) {
	again := "start again from the sign-in page"
	in, err := s.named(a.Service)
	if err != nil {
		return authn.Grant{}, err
	}
	switch {
	case a.State == "" || subtle.ConstantTimeCompare([]byte(a.State), []byte(answer.Get("state"))) != 1:
		return authn.Grant{}, authn.Refused("the answer does not belong to a sign-in that this browser started", again)
	case answer.Has("iss") && answer.Get("iss") != in.URL: // RFC 9207
		return authn.Grant{}, authn.Refused("the answer comes from another sign-in service than the one asked", again)
	case answer.Get("error") != "":
		return authn.Grant{}, authn.Refused("the sign-in service refused: "+known(answer.Get("error")), again)
	}
	config, err := in.oauth(ctx, s.redirect())
	if err != nil {
		return authn.Grant{}, err
	}
	token, err := config.Exchange(in.reach(ctx), answer.Get("code"), oauth2.VerifierOption(a.Verifier))
	if err != nil {
		return authn.Grant{}, in.exchanged(err)
	}
	g, c, err := s.granted(ctx, in, token)
	if err == nil && subtle.ConstantTimeCompare([]byte(c.Nonce), []byte(a.Nonce)) != 1 {
		return authn.Grant{}, authn.Refused("the token was made for another sign-in", again)
	}
	return g, err
}

// Renew trades the refresh token for a new token. Roles are read anew: who lost a group loses the role here.
func (s *Service) Renew(ctx context.Context, g authn.Grant) (authn.Grant, error) {
	in, err := s.named(g.Service)
	if err != nil {
		return authn.Grant{}, err
	}
	config, err := in.oauth(ctx, s.redirect())
	if err != nil {
		return authn.Grant{}, err
	}
	token, err := config.TokenSource(in.reach(ctx), &oauth2.Token{RefreshToken: g.Refresh}).Token()
	if err != nil {
		return authn.Grant{}, in.exchanged(err)
	}
	next, c, err := s.granted(ctx, in, token)
	if err == nil && g.Who.Subject != "" && next.Who.Subject != g.Who.Subject {
		return authn.Grant{}, authn.Refused("the renewed token belongs to somebody else", "sign in again")
	}
	if next.Refresh == "" {
		next.Refresh = g.Refresh // the service does not rotate them
	}
	next.Expires = c.expires
	return next, err
}

// granted reads the answer of the token endpoint as strictly as a token that a stranger sends.
func (s *Service) granted(ctx context.Context, in *issuer, token *oauth2.Token) (authn.Grant, claims, error) {
	raw, _ := token.Extra("id_token").(string)
	if raw == "" {
		return authn.Grant{}, claims{}, authn.Refused("the sign-in service gave no id token", "let auth.oidc scopes contain openid")
	}
	who, c, err := s.believe(ctx, raw)
	if err == nil && c.Issuer != in.URL {
		err = authn.Refused("the token comes from another sign-in service than the one asked", "sign in again")
	}
	return authn.Grant{Who: who, Service: in.Name, Token: raw, Refresh: token.RefreshToken, Expires: c.expires}, c, err
}

func (in *issuer) oauth(ctx context.Context, redirect string) (*oauth2.Config, error) {
	found, _, err := in.provider.get(ctx)
	if err != nil {
		return nil, err
	}
	c := &oauth2.Config{ClientID: in.ClientID, Endpoint: found.Endpoint(), RedirectURL: redirect, Scopes: in.Scopes}
	c.Endpoint.AuthStyle = oauth2.AuthStyleInParams // guessing would spend the code on a refusal
	if in.ClientSecret != nil {
		if c.ClientSecret, err = in.ClientSecret(); err != nil {
			return nil, problem.Wrap(problem.Unavailable, "read the client secret of the sign-in service", err)
		}
	}
	return c, nil
}

func (in *issuer) reach(ctx context.Context) context.Context {
	return context.WithValue(ctx, oauth2.HTTPClient, in.provider.client)
}

// exchanged tells a refusal of the token endpoint from one that did not answer.
func (in *issuer) exchanged(err error) error {
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) || refused.Response == nil || refused.Response.StatusCode >= http.StatusInternalServerError ||
		refused.Response.StatusCode == http.StatusTooManyRequests {
		return unreachable("ask the sign-in service for a token", in.URL, errors.New("it does not answer"))
	}
	if refused.ErrorCode == "invalid_client" || refused.ErrorCode == "unauthorized_client" {
		return unreachable("ask the sign-in service for a token", in.URL, errors.New("it refuses this server's registration: "+known(refused.ErrorCode)))
	}
	return authn.Refused("the sign-in service refused: "+known(refused.ErrorCode), "sign in again from the sign-in page")
}

// known passes on the codes of OAuth and OpenID Connect only: anything else is a stranger's text on our page.
func known(code string) string {
	switch code {
	case "access_denied", "login_required", "interaction_required", "consent_required", "account_selection_required", "invalid_request",
		"invalid_grant", "invalid_scope", "invalid_client", "unauthorized_client", "unsupported_response_type", "server_error", "temporarily_unavailable":
		return code
	default:
		return "an error that it does not explain"
	}
}
