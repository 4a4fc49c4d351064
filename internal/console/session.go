package console

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"entente.dev/entente/internal/api/client"
	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/authn"
	"entente.dev/entente/internal/authz"
	"entente.dev/entente/internal/problem"
)

// Keys of a session.
const (
	tokenKey   = "token"
	whoKey     = "who"     // the principal, as JSON
	serviceKey = "service" // the sign-in service; empty for a pasted token
	refreshKey = "refresh"
	expiresKey = "expires" // of the token, Unix seconds
)

// visit is one request of somebody who is signed in.
type visit struct {
	api    *client.Client
	who    authn.Principal
	org    string
	page   string // for the navigation
	events bool   // the page changes live
}

// may tells whether the API would let the visitor do this. It decides which buttons are shown; the API decides.
func (v visit) may(verb authz.Verb, o authz.Object) bool { return authz.Allow(v.who, verb, o) == nil }

type handler func(w http.ResponseWriter, r *http.Request, v visit)

// signedIn lets people in who hold a session, and sends others to sign in and back.
func (c *console) signedIn(next handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token, err := c.token(r.Context())
		if err != nil {
			c.fail(w, r, visit{}, err)
			return
		}
		if token == "" {
			back := ""
			if r.Method == http.MethodGet && r.URL.Path != "/" {
				back = "?to=" + url.QueryEscape(r.URL.RequestURI())
			}
			http.Redirect(w, r, "/sign-in"+back, http.StatusSeeOther)
			return
		}
		api, err := c.client(token)
		if err != nil {
			c.fail(w, r, visit{}, err)
			return
		}
		next(w, r, visit{api: api, org: r.PathValue("org"), who: c.who(r.Context())})
	}
}

// who is whom the session belongs to. It decides what is shown first, never what is allowed: the API does that.
func (c *console) who(ctx context.Context) authn.Principal {
	var who authn.Principal
	if err := json.Unmarshal([]byte(c.sessions.GetString(ctx, whoKey)), &who); err != nil {
		return authn.Principal{}
	}
	return who
}

// signInData is what the sign-in page offers and says.
type signInData struct {
	to      string
	refused []string // why the last attempt failed, and what to do
	names   []string // services
	tokens  bool     // a token can be pasted
	english bool     // the first line of refused is not in the catalogue
	choose  bool     // ask which account, as somebody just signed out
}

func (d signInData) start(service string) string {
	choose := ""
	if d.choose {
		choose = "1"
	}
	return withQuery("/sign-in/start", "service", service, "to", d.to, "choose", choose)
}

func (c *console) signInPage(w http.ResponseWriter, r *http.Request) {
	c.showSignIn(w, r, http.StatusOK, signInData{to: local(r.URL.Query().Get("to")), choose: r.URL.Query().Has("out")})
}

func (c *console) showSignIn(w http.ResponseWriter, r *http.Request, status int, d signInData) {
	d.tokens = !c.NoTokens
	if c.SignIn != nil {
		d.names = c.SignIn.Names()
	}
	c.show(w, r, status, visit{}, t(r.Context(), "sign-in"), signInForm(d))
}

// local keeps a return address on this site.
func local(to string) string {
	if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n") {
		return "/"
	}
	return to
}

// signIn takes a pasted token.
func (c *console) signIn(w http.ResponseWriter, r *http.Request) {
	to := local(r.PostFormValue("to"))
	token := strings.TrimSpace(r.PostFormValue("token"))
	if c.NoTokens {
		c.showSignIn(w, r, http.StatusForbidden, signInData{to: to, refused: []string{t(r.Context(), "sign-in-no-tokens")}})
		return
	}
	api, err := c.client(token)
	if err != nil {
		c.fail(w, r, visit{}, err)
		return
	}
	who, err := api.WhoAmI(r.Context())
	if err != nil {
		if problem.KindOf(err) != problem.Unauthenticated && asProblem(err).Status != http.StatusUnauthorized {
			c.fail(w, r, visit{}, err)
			return
		}
		c.showSignIn(w, r, http.StatusUnauthorized, signInData{to: to, refused: []string{t(r.Context(), "sign-in-refused")}})
		return
	}
	c.enter(w, r, authn.Grant{Who: who, Token: token}, to)
}

// enter starts a session with a new cookie and nothing in it from before: a cookie that somebody planted is worth
// nothing after the sign-in.
func (c *console) enter(w http.ResponseWriter, r *http.Request, g authn.Grant, to string) {
	err := c.sessions.Clear(r.Context())
	if err == nil {
		err = c.sessions.RenewToken(r.Context())
	}
	if err == nil {
		err = c.keep(r.Context(), g)
	}
	if err != nil {
		c.fail(w, r, visit{}, problem.Wrap(problem.Unavailable, "start a session", err))
		return
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

func (c *console) keep(ctx context.Context, g authn.Grant) error {
	who, err := json.Marshal(g.Who)
	if err != nil {
		return err
	}
	for key, value := range map[string]string{tokenKey: g.Token, whoKey: string(who), serviceKey: g.Service, refreshKey: g.Refresh} {
		c.sessions.Put(ctx, key, value)
	}
	c.sessions.Put(ctx, expiresKey, g.Expires.Unix())
	return nil
}

func (c *console) signOut(w http.ResponseWriter, r *http.Request) {
	if err := c.sessions.Destroy(r.Context()); err != nil {
		c.fail(w, r, visit{}, problem.Wrap(problem.Unavailable, "end the session", err))
		return
	}
	http.Redirect(w, r, "/sign-in?out=1", http.StatusSeeOther)
}

// fail shows a problem; a token that is no longer known leads to signing in.
func (c *console) fail(w http.ResponseWriter, r *http.Request, v visit, err error) {
	p := asProblem(err)
	if p.Status == http.StatusUnauthorized {
		c.sessions.Remove(r.Context(), tokenKey)
		http.Redirect(w, r, withQuery("/sign-in", "to", here(r)), http.StatusSeeOther)
		return
	}
	status := p.Status
	if status < 400 {
		status = http.StatusServiceUnavailable
	}
	c.show(w, r, status, v, t(r.Context(), "problem"), problemPage(p))
}

func asProblem(err error) *wire.Problem {
	if p, ok := err.(*wire.Problem); ok {
		return p
	}
	return wire.From(problem.Of(err))
}

// events passes the API's stream on, for the script in the page.
func (c *console) events(w http.ResponseWriter, r *http.Request) {
	cookie, err := r.Cookie(c.sessions.Cookie.Name)
	if err != nil {
		http.Error(w, t(r.Context(), "sign-in"), http.StatusUnauthorized)
		return
	}
	ctx, err := c.sessions.Load(r.Context(), cookie.Value)
	token := ""
	if err == nil {
		token, err = c.token(ctx)
	}
	if err == nil && token != "" {
		_, _, err = c.sessions.Commit(ctx) // the token may have been renewed
	}
	if err != nil || token == "" {
		http.Error(w, t(r.Context(), "sign-in"), http.StatusUnauthorized)
		return
	}
	in := r.Clone(r.Context())
	in.URL.Path = "/v1/organizations/" + r.PathValue("org") + "/events"
	in.URL.RawPath, in.RequestURI = "", ""
	in.Header.Set("Authorization", "Bearer "+token)
	c.API.ServeHTTP(w, in)
}
