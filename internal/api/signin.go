package api

import (
	"context"
	"net/http"

	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/authn"
	"entente.dev/entente/internal/problem"
)

// SignIn tells which sign-in services people can use.
type SignIn interface {
	Offered(context.Context) []authn.Service
}

// signInPath is open to everybody: a client has to know where to get a token before it has one.
const signInPath = "/v1/sign-in"

func (s *server) signInRoutes() {
	handle(s, operation{method: http.MethodGet, path: signInPath, id: "sign-in", summary: "How to sign in; asks for no token", open: true}, s.signIn)
}

func (s *server) signIn(ctx context.Context, _ *struct{}) (wire.SignIn, error) {
	out := wire.SignIn{Services: []authn.Service{}}
	if s.SignIn != nil {
		out.Services = list(s.SignIn.Offered(ctx))
	}
	return out, nil
}

// refuse answers a caller who is not signed in. A sign-in service that cannot be reached is no fault of the
// caller, and a caller without a role must not be sent to sign in again.
func refuse(w http.ResponseWriter, err error) {
	p := asProblem(err)
	switch problem.Kind(p.Kind) {
	case problem.Unauthenticated:
		w.Header().Set("WWW-Authenticate", `Bearer realm="entente"`)
		p.Status = http.StatusUnauthorized
	case problem.Forbidden:
		p.Status = http.StatusForbidden
	}
	writeProblem(w, p)
}
