package console

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"entente.dev/entente/internal/authn"
	"entente.dev/entente/internal/problem"
)

// SignIn is how people sign in at a service outside; authn/openid implements it.
type SignIn interface {
	// Names are those of the services that can be chosen.
	Names() []string
	// Begin starts an attempt; with choose the service asks which account.
	Begin(ctx context.Context, service string, choose bool) (authn.Attempt, error)
	// Complete takes what the browser brought back for the attempt that it kept.
	Complete(ctx context.Context, a authn.Attempt, answer url.Values) (authn.Grant, error)
	// Renew trades the refresh token of a grant for a new token.
	Renew(ctx context.Context, g authn.Grant) (authn.Grant, error)
}

const (
	// attemptLife is how long somebody may take at the service.
	attemptLife = 10 * time.Minute
	// margin before a token's end is when it is renewed.
	margin = time.Minute
)

// kept is what the browser keeps while it is away. It lies in a cookie of its own rather than in a session, so
// that strangers who only look at the sign-in page cost no memory here.
type kept struct {
	authn.Attempt
	To string `json:"to"`
}

func (c *console) attemptCookie() *http.Cookie {
	// Lax, because the browser comes back from another site.
	out := &http.Cookie{Name: "entente-sign-in", Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: c.Secure}
	if c.Secure {
		out.Name = "__Host-entente-sign-in"
	}
	return out
}

// startSignIn sends the browser to the chosen service. It is a link and not a form, because our policy for forms
// lets none lead elsewhere.
func (c *console) startSignIn(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	to := local(q.Get("to"))
	if c.SignIn == nil {
		http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
		return
	}
	attempt, err := c.SignIn.Begin(r.Context(), q.Get("service"), q.Has("choose"))
	if err != nil {
		c.notSignedIn(w, r, to, err)
		return
	}
	raw, err := json.Marshal(kept{attempt, to})
	if err != nil {
		c.notSignedIn(w, r, to, problem.Wrap(problem.Bug, "start the sign-in", err))
		return
	}
	cookie := c.attemptCookie()
	cookie.Value, cookie.MaxAge = base64.RawURLEncoding.EncodeToString(raw), int(attemptLife/time.Second)
	http.SetCookie(w, cookie)
	http.Redirect(w, r, attempt.URL, http.StatusSeeOther)
}

// cameBack ends an attempt. Whatever comes of it, the attempt is spent.
func (c *console) cameBack(w http.ResponseWriter, r *http.Request) {
	gone := c.attemptCookie()
	gone.MaxAge = -1
	http.SetCookie(w, gone)
	var k kept
	if cookie, err := r.Cookie(gone.Name); err == nil {
		if raw, err := base64.RawURLEncoding.DecodeString(cookie.Value); err == nil {
			_ = json.Unmarshal(raw, &k) // what does not parse has no state, and is refused for that
		}
	}
	to := local(k.To)
	if c.SignIn == nil {
		http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
		return
	}
	if k.State == "" {
		c.notSignedIn(w, r, to, authn.Refused("this browser has no sign-in under way, or it took too long", "start again below"))
		return
	}
	g, err := c.SignIn.Complete(r.Context(), k.Attempt, r.URL.Query())
	if err != nil {
		c.notSignedIn(w, r, to, err)
		return
	}
	c.enter(w, r, g, to)
}

// notSignedIn shows the sign-in page again and why. It never redirects: a service that knows the account would
// send the browser around in circles.
func (c *console) notSignedIn(w http.ResponseWriter, r *http.Request, to string, err error) {
	p := asProblem(err)
	status := p.Status
	switch problem.KindOf(err) {
	case problem.Unauthenticated:
		status = http.StatusUnauthorized
	case problem.Forbidden:
		status = http.StatusForbidden
	}
	c.showSignIn(w, r, status, signInData{to: to, refused: []string{p.Detail, t(r.Context(), "and-why", p.Remedy)}, english: true, choose: true})
}

// token is the session's token, renewed where it is about to end; empty when somebody has to sign in.
func (c *console) token(ctx context.Context) (string, error) {
	g := authn.Grant{
		Who: c.who(ctx), Token: c.sessions.GetString(ctx, tokenKey), Service: c.sessions.GetString(ctx, serviceKey),
		Refresh: c.sessions.GetString(ctx, refreshKey), Expires: time.Unix(c.sessions.GetInt64(ctx, expiresKey), 0),
	}
	now := c.Now()
	if g.Token == "" || g.Service == "" || now.Before(g.Expires.Add(-margin)) {
		return g.Token, nil
	}
	alive := now.Before(g.Expires)
	if g.Refresh == "" || c.SignIn == nil {
		if !alive {
			g.Token = ""
		}
		return g.Token, nil
	}
	next, err := c.SignIn.Renew(ctx, g)
	switch kind := problem.KindOf(err); {
	case err == nil:
		return next.Token, c.keep(ctx, next)
	case kind == problem.Unauthenticated || kind == problem.Forbidden:
		return "", c.sessions.Clear(ctx) // signed out, disabled, or without a role since
	case alive:
		return g.Token, nil
	default:
		return "", err
	}
}
