package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"entente.dev/entente/internal/authn"
)

// renewal is what a later command needs to renew a sign-in.
type renewal struct {
	Service  string    `json:"service"`
	TokenURL string    `json:"tokenUrl"`
	ClientID string    `json:"clientId"`
	Scopes   []string  `json:"scopes"`
	Refresh  string    `json:"refresh"`
	Expires  time.Time `json:"expires"` // of the token beside it
}

// margin before a token's end is when it is renewed: the command that follows must still reach the server.
const margin = time.Minute

func choose(services []authn.Service, name string) (authn.Service, error) {
	var names []string
	for _, s := range services {
		if strings.EqualFold(s.Name, name) || name == "" && len(services) == 1 {
			return usable(s)
		}
		names = append(names, fmt.Sprintf("%q", s.Name))
	}
	if name == "" {
		return authn.Service{}, fmt.Errorf("the server has several sign-in services; choose one with --service: %s", strings.Join(names, ", "))
	}
	return authn.Service{}, fmt.Errorf("the server has no sign-in service %q; it has %s", name, strings.Join(names, ", "))
}

// usable refuses addresses that would send a code or a token in clear text, whatever a server says.
func usable(s authn.Service) (authn.Service, error) {
	switch {
	case s.TokenURL == "":
		return s, fmt.Errorf("the server cannot reach the sign-in service %q at the moment; try again, or use --token-file", s.Name)
	case s.DeviceURL == "":
		return s, fmt.Errorf("the sign-in service %q has no device code flow; use the console, or --token-file", s.Name)
	case !strings.HasPrefix(s.TokenURL, "https://") || !strings.HasPrefix(s.DeviceURL, "https://"):
		return s, fmt.Errorf("the addresses of the sign-in service %q are not https; ask the server's operator", s.Name)
	}
	return s, nil
}

func withClient(ctx context.Context, hc *http.Client) context.Context {
	if hc == nil {
		return ctx
	}
	return context.WithValue(ctx, oauth2.HTTPClient, hc)
}

// deviceFlow shows a code and waits until somebody entered it in a browser (RFC 8628).
func (r *run) deviceFlow(ctx context.Context, hc *http.Client, s authn.Service) (string, *renewal, error) {
	ctx = withClient(ctx, hc)
	config := &oauth2.Config{ClientID: s.ClientID, Scopes: s.Scopes, Endpoint: oauth2.Endpoint{
		TokenURL: s.TokenURL, DeviceAuthURL: s.DeviceURL, AuthStyle: oauth2.AuthStyleInParams,
	}}
	code, err := config.DeviceAuth(ctx)
	if err != nil {
		return "", nil, refusal("ask for a code", err)
	}
	fmt.Fprintf(r.err, "To sign in to %s, open %s and enter the code %s\n", s.Name, code.VerificationURI, code.UserCode)
	token, err := config.DeviceAccessToken(ctx, code)
	if err != nil {
		return "", nil, refusal("wait for the sign-in", err)
	}
	return taken(token, renewal{Service: s.Name, TokenURL: s.TokenURL, ClientID: s.ClientID, Scopes: s.Scopes})
}

// taken reads the token endpoint's answer. The id token is what our server believes; an access token is for
// whatever resource the scopes name.
func taken(token *oauth2.Token, keep renewal) (string, *renewal, error) {
	id, _ := token.Extra("id_token").(string)
	if id == "" {
		return "", nil, errors.New("the sign-in service gave no id token; the server's auth.oidc scopes must contain openid")
	}
	if token.RefreshToken != "" {
		keep.Refresh = token.RefreshToken
	}
	keep.Expires = token.Expiry // an id token lives as long as the access token beside it
	return id, &keep, nil
}

// fresh renews a sign-in that is about to end, and keeps the new one.
func (s session) fresh(ctx context.Context, now time.Time) (session, error) {
	if s.Renew == nil || s.Renew.Refresh == "" || now.Before(s.Renew.Expires.Add(-margin)) {
		return s, nil
	}
	hc, err := trusting(s.CAFile)
	if err != nil {
		return s, err
	}
	config := &oauth2.Config{ClientID: s.Renew.ClientID, Scopes: s.Renew.Scopes, Endpoint: oauth2.Endpoint{
		TokenURL: s.Renew.TokenURL, AuthStyle: oauth2.AuthStyleInParams,
	}}
	token, err := config.TokenSource(withClient(ctx, hc), &oauth2.Token{RefreshToken: s.Renew.Refresh}).Token()
	if err != nil {
		var refused *oauth2.RetrieveError
		if !errors.As(err, &refused) && now.Before(s.Renew.Expires) {
			return s, nil // not reachable for now, and the token still holds
		}
		return s, refusal("renew the sign-in", err)
	}
	next := s
	if next.Token, next.Renew, err = taken(token, *s.Renew); err != nil {
		return s, err
	}
	if _, err := writeSession(next); err != nil {
		return s, fmt.Errorf("keep the renewed login: %w", err)
	}
	return next, nil
}

// refusal says what to do. The service's own text is left out: it carries trace ids and links, and its code says
// the rest.
func refusal(op string, err error) error {
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) {
		return fmt.Errorf("%s: %w", op, err)
	}
	switch refused.ErrorCode {
	case "expired_token":
		return fmt.Errorf("%s: nobody entered the code in time; run `entente login` again", op)
	case "access_denied", "authorization_declined":
		return fmt.Errorf("%s: the sign-in was declined in the browser", op)
	case "invalid_grant":
		return fmt.Errorf("%s: the sign-in has ended; run `entente login` again", op)
	default:
		return fmt.Errorf("%s: the sign-in service refused (%s); try again, or ask the server's operator", op, first(refused.ErrorCode, "no reason given"))
	}
}
