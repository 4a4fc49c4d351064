package console

import (
	"embed"
	"errors"
	"io/fs"
	"net/http"
	"time"

	"github.com/a-h/templ"
	"github.com/alexedwards/scs/v2"
	"github.com/alexedwards/scs/v2/memstore"

	"entente.dev/entente/internal/api/client"
	"entente.dev/entente/internal/console/catalogue"
)

//go:generate ./assets.sh

//go:embed assets
var assets embed.FS

// Deps is what the console needs.
type Deps struct {
	// API is the handler of package api. As the API in turn serves the console, it may be a function that looks
	// the handler up when it is called.
	API http.Handler
	// SignIn is how people sign in at a service outside; nil: nobody does.
	SignIn SignIn
	// NoTokens takes the field for a token from the sign-in page, where none is configured.
	NoTokens bool
	// Now is the time; nil: time.Now.
	Now func() time.Time
	// Secure says that people reach the console over https; cookies then carry the __Host- prefix, which
	// browsers accept over https only.
	Secure bool
	// Links are shown in the footer, for example to Temporal's own pages.
	Links []Link

	language catalogue.Language // of every page, whatever the visitor asks for: for tests
}

// Link is a place elsewhere.
type Link struct{ Text, URL string }

type console struct {
	Deps
	sessions *scs.SessionManager
	scripts  []string // of others, where they were there when this was built
}

// htmx replaces parts of pages without a reload. `make assets` puts it there; every page works without.
const htmx = "/assets/dist/htmx.min.js"

// sessionLifetime is a working day: long enough not to be in the way, short enough for a shared machine.
const sessionLifetime = 10 * time.Hour

// policy allows what is served from here and nothing else; no inline script or style.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; " +
	"base-uri 'none'; frame-ancestors 'none'"

// New builds the console's handler for everything that is not the API's.
func New(d Deps) (http.Handler, error) {
	if d.API == nil {
		return nil, errors.New("console: the API's handler is required")
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	c := &console{Deps: d, sessions: scs.New()}
	if _, err := fs.Stat(assets, htmx[1:]); err == nil {
		c.scripts = append(c.scripts, htmx)
	}
	c.sessions.Store = memstore.NewWithCleanupInterval(0) // no goroutine; expired sessions go when they are used
	c.sessions.Lifetime = sessionLifetime
	c.sessions.Cookie.Name = "entente"
	c.sessions.Cookie.HttpOnly = true
	c.sessions.Cookie.Path = "/"
	c.sessions.Cookie.SameSite = http.SameSiteLaxMode // strict would sign people out who follow a link in a message
	if d.Secure {
		c.sessions.Cookie.Name, c.sessions.Cookie.Secure = "__Host-entente", true
	}
	return c.routes(), nil
}

func (c *console) routes() http.Handler {
	pages := http.NewServeMux()
	pages.HandleFunc("GET /sign-in", c.signInPage)
	pages.HandleFunc("POST /sign-in", c.signIn)
	pages.HandleFunc("GET /sign-in/start", c.startSignIn)
	pages.HandleFunc("GET /sign-in/callback", c.cameBack)
	pages.HandleFunc("POST /sign-out", c.signOut)
	pages.HandleFunc("POST /language", c.chooseLanguage)
	pages.HandleFunc("GET /{$}", c.signedIn(c.start))
	pages.HandleFunc("GET /o/{org}", c.signedIn(c.overview))
	pages.HandleFunc("GET /o/{org}/inbox", c.signedIn(c.inbox))
	pages.HandleFunc("GET /o/{org}/requests/{id}", c.signedIn(c.request))
	pages.HandleFunc("POST /o/{org}/requests/{id}/approve", c.signedIn(c.approve))
	pages.HandleFunc("POST /o/{org}/requests/{id}/reject", c.signedIn(c.reject))
	pages.HandleFunc("POST /o/{org}/requests/{id}/draft", c.signedIn(c.changeDraft))
	pages.HandleFunc("GET /o/{org}/shares/{source}/{target}", c.signedIn(c.share))
	pages.HandleFunc("POST /o/{org}/shares/{source}/{target}/stop", c.signedIn(c.stop))
	pages.HandleFunc("POST /o/{org}/shares/{source}/{target}/revoke", c.signedIn(c.revoke))
	pages.HandleFunc("GET /o/{org}/holds", c.signedIn(c.holds))
	pages.HandleFunc("POST /o/{org}/holds/new", c.signedIn(c.hold))
	pages.HandleFunc("POST /o/{org}/holds/release", c.signedIn(c.release))
	pages.HandleFunc("GET /o/{org}/reductions", c.signedIn(c.reductions))
	pages.HandleFunc("POST /o/{org}/restore", c.signedIn(c.restore))
	pages.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		c.show(w, r, http.StatusNotFound, visit{}, t(r.Context(), "not-found"), noPage())
	})
	mux := http.NewServeMux()
	mux.Handle("GET /assets/", cached(http.FileServerFS(assets)))
	mux.HandleFunc("GET /o/{org}/events", c.events)
	mux.Handle("/", c.sessions.LoadAndSave(pages))
	return secured(http.NewCrossOriginProtection().Handler(limited(c.inLanguage(mux))))
}

func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// limited bounds what a form may send.
func limited(next http.Handler) http.Handler {
	return http.MaxBytesHandler(next, 1<<20)
}

func cached(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=300")
		next.ServeHTTP(w, r)
	})
}

// client speaks to the API as whoever holds the token.
func (c *console) client(token string) (*client.Client, error) {
	return client.New("http://entente.internal", token, &http.Client{Transport: inProcess{c.API}})
}

// show renders a page in the layout.
func (c *console) show(w http.ResponseWriter, r *http.Request, status int, v visit, title string, body templ.Component) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	// Writing fails only when the reader has gone.
	_ = layout(v, title, c.Links, c.scripts, body).Render(r.Context(), w)
}
