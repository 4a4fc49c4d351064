package authn

import (
	"context"
	"net/http"
	"strings"

	"entente.dev/entente/internal/problem"
)

// MaxToken is the longest bearer token that is looked at. Entra keeps tokens far below it: beyond 200 groups they
// carry a reference instead of a list.
const MaxToken = 16 << 10

// Bearer is the token of a request, or a refusal that says how to get one.
func Bearer(r *http.Request) (string, error) {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	token = strings.TrimSpace(token)
	switch {
	case !ok || !strings.EqualFold(scheme, "Bearer") || token == "":
		return "", Refused("the request carries no bearer token", "run `entente login`, or set ENTENTE_TOKEN or --token-file")
	case len(token) > MaxToken:
		return "", Refused("the bearer token is longer than any that this server accepts", "send one token of at most 16 KiB")
	}
	return token, nil
}

// Refused is a problem.Unauthenticated with what to do about it.
func Refused(detail, remedy string) error {
	return &problem.Error{Kind: problem.Unauthenticated, Op: "sign in", Detail: detail, Remedy: remedy}
}

// Chain asks one authenticator after the other until one knows the caller. A failure that is no refusal, such as
// a sign-in service that cannot be reached, ends the search: nobody may be told that a good token is bad.
type Chain []Authenticator

// Authenticate implements Authenticator.
func (c Chain) Authenticate(r *http.Request) (Principal, error) {
	err := Refused("this server is configured without any way to sign in", "add auth.tokens or auth.oidc to its configuration")
	for _, next := range c {
		var who Principal
		if who, err = next.Authenticate(r); err == nil || problem.KindOf(err) != problem.Unauthenticated {
			return who, err
		}
	}
	return Principal{}, err
}

type contextKey struct{}

// With puts the principal of a request into its context.
func With(ctx context.Context, who Principal) context.Context {
	return context.WithValue(ctx, contextKey{}, who)
}

// From returns the principal of a request; the zero principal, which may do nothing, when there is none.
func From(ctx context.Context) Principal {
	who, _ := ctx.Value(contextKey{}).(Principal)
	return who
}
