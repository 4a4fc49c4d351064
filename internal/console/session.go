package console

import (
	"net/http"
	"strings"

	"entente.dev/entente/internal/api/client"
	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/authn"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/problem"
)

// Keys of a session.
const (
	tokenKey  = "token"
	nameKey   = "name"
	roleKey   = "role"
	tenantKey = "tenant"
)

// visit is one request of somebody who is signed in.
type visit struct {
	api    *client.Client
	who    authn.Principal
	org    string
	page   string // for the navigation
	events bool   // the page changes live
}

type handler func(w http.ResponseWriter, r *http.Request, v visit)

// signedIn lets people in who hold a session, and sends others to sign in and back.
func (c *console) signedIn(next handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token := c.sessions.GetString(r.Context(), tokenKey)
		if token == "" {
			back := ""
			if r.Method == http.MethodGet && r.URL.Path != "/" {
				back = "?to=" + strings.ReplaceAll(r.URL.EscapedPath(), "?", "%3F")
			}
			http.Redirect(w, r, "/sign-in"+back, http.StatusSeeOther)
			return
		}
		api, err := c.client(token)
		if err != nil {
			c.fail(w, r, visit{}, err)
			return
		}
		next(w, r, visit{api: api, org: r.PathValue("org"), who: authn.Principal{
			Name: c.sessions.GetString(r.Context(), nameKey), Role: authn.Role(c.sessions.GetString(r.Context(), roleKey)),
			Tenant: ident.Tenant(c.sessions.GetString(r.Context(), tenantKey)),
		}})
	}
}

func (c *console) signInPage(w http.ResponseWriter, r *http.Request) {
	c.show(w, r, http.StatusOK, visit{}, t("sign-in"), signInForm(local(r.URL.Query().Get("to")), ""))
}

// local keeps a return address on this site.
func local(to string) string {
	if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n") {
		return "/"
	}
	return to
}

func (c *console) signIn(w http.ResponseWriter, r *http.Request) {
	to := local(r.PostFormValue("to"))
	token := strings.TrimSpace(r.PostFormValue("token"))
	api, err := c.client(token)
	if err != nil {
		c.fail(w, r, visit{}, err)
		return
	}
	who, err := api.WhoAmI(r.Context())
	if err != nil {
		if problem.KindOf(err) != problem.Unauthenticated {
			c.fail(w, r, visit{}, err)
			return
		}
		c.show(w, r, http.StatusUnauthorized, visit{}, t("sign-in"), signInForm(to, t("sign-in-refused")))
		return
	}
	// A new cookie at every sign-in: one that somebody planted before is worth nothing.
	if err := c.sessions.RenewToken(r.Context()); err != nil {
		c.fail(w, r, visit{}, problem.Wrap(problem.Unavailable, "start a session", err))
		return
	}
	c.sessions.Put(r.Context(), tokenKey, token)
	c.sessions.Put(r.Context(), nameKey, who.Name)
	c.sessions.Put(r.Context(), roleKey, string(who.Role))
	c.sessions.Put(r.Context(), tenantKey, string(who.Tenant))
	http.Redirect(w, r, to, http.StatusSeeOther)
}

func (c *console) signOut(w http.ResponseWriter, r *http.Request) {
	if err := c.sessions.Destroy(r.Context()); err != nil {
		c.fail(w, r, visit{}, problem.Wrap(problem.Unavailable, "end the session", err))
		return
	}
	http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
}

// fail shows a problem; a token that is no longer known leads to signing in.
func (c *console) fail(w http.ResponseWriter, r *http.Request, v visit, err error) {
	p := asProblem(err)
	if p.Status == http.StatusUnauthorized {
		c.sessions.Remove(r.Context(), tokenKey)
		http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
		return
	}
	status := p.Status
	if status < 400 {
		status = http.StatusServiceUnavailable
	}
	c.show(w, r, status, v, t("problem"), problemPage(p))
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
		http.Error(w, t("sign-in"), http.StatusUnauthorized)
		return
	}
	ctx, err := c.sessions.Load(r.Context(), cookie.Value)
	token := ""
	if err == nil {
		token = c.sessions.GetString(ctx, tokenKey)
	}
	if token == "" {
		http.Error(w, t("sign-in"), http.StatusUnauthorized)
		return
	}
	in := r.Clone(r.Context())
	in.URL.Path = "/v1/organizations/" + r.PathValue("org") + "/events"
	in.URL.RawPath, in.RequestURI = "", ""
	in.Header.Set("Authorization", "Bearer "+token)
	c.API.ServeHTTP(w, in)
}
