package api

import (
	"io"
	"net/http"

	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/authn"
	"entente.dev/entente/internal/authz"
	"entente.dev/entente/internal/problem"
)

// Codec decrypts payloads for Temporal's web UI, in the form of its remote codec protocol.
type Codec interface {
	DecodeJSON(payloads []byte) ([]byte, error)
}

// The paths below which Temporal's web UI asks; it adds the verb.
const codecPath = "/v1/codec/decode"

// maxHistory bounds what is decrypted at once: a page of a history.
const maxHistory = 32 << 20

// codec answers Temporal's web UI, which runs elsewhere: one origin, no cookies, the bearer token that the UI passes on.
// It stands before the check of origins that holds for everything else.
func (s *server) codec(next http.Handler) http.Handler {
	if s.Codec == nil || s.CodecOrigin == "" {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != codecPath {
			next.ServeHTTP(w, r)
			return
		}
		h := w.Header()
		h.Set("Vary", "Origin")
		if origin := r.Header.Get("Origin"); origin == s.CodecOrigin {
			h.Set("Access-Control-Allow-Origin", origin)
			h.Set("Access-Control-Allow-Methods", http.MethodPost)
			h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, X-Namespace")
		} else if origin != "" {
			writeProblem(w, asProblem(withStatus(&problem.Error{Kind: problem.Forbidden, Op: "read a history", Detail: "the request was sent by a page of " + origin,
				Remedy: "set codecOrigin to the origin of Temporal's web UI"}, http.StatusForbidden)))
			return
		}
		switch r.Method {
		case http.MethodOptions:
			w.WriteHeader(http.StatusNoContent)
		case http.MethodPost:
			s.decode(w, r)
		default:
			h.Set("Allow", "POST, OPTIONS")
			writeProblem(w, asProblem(withStatus(invalid("read a history", r.Method+" is not part of the codec protocol", "POST the payloads"), http.StatusMethodNotAllowed)))
		}
	})
}

func (s *server) decode(w http.ResponseWriter, r *http.Request) {
	who, err := s.Auth.Authenticate(r)
	if err != nil {
		refuse(w, err)
		return
	}
	if err := s.mayReadHistories(r, who); err != nil {
		writeProblem(w, asProblem(err))
		return
	}
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxHistory))
	if err != nil {
		writeProblem(w, asProblem(withStatus(invalid("read a history", "the payloads did not come, or are too large at once", "ask for less"), http.StatusRequestEntityTooLarge)))
		return
	}
	clear, err := s.Codec.DecodeJSON(raw)
	if err != nil {
		writeProblem(w, wire.From(&problem.Error{Kind: problem.Invalid, Op: "read a history", Detail: err.Error(), Remedy: "ask with payloads of this installation"}))
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(clear) // fails only when the reader has gone
}

// mayReadHistories asks for the right to see the people of every organization here: a payload does not tell whose it is.
func (s *server) mayReadHistories(r *http.Request, who authn.Principal) error {
	orgs, err := s.Store.Organizations(r.Context())
	if err != nil {
		return err
	}
	ctx := authn.With(r.Context(), who)
	if len(orgs) == 0 {
		return s.allow(ctx, authz.People, authz.OfOrg(""))
	}
	for _, org := range orgs {
		if err := s.allow(ctx, authz.People, authz.OfOrg(org)); err != nil {
			return err
		}
	}
	return nil
}
