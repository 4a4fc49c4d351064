package signin

import (
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"net/http"
	"strconv"
	"strings"
)

// signInPage is the page on which a person signs in.
type signInPage struct {
	Action, App, Tenant, Login, Current string
	Problem                             *fault
}

// devicePage is the page for a device code, first for the code alone.
type devicePage struct {
	Typed, Client, App, Login string
	Problem                   *fault
}

// Text is what a person reads of a refusal, with the number that an administrator looks up.
func (f *fault) Text() string { return f.outcome() + ": " + f.text }

// submitScript posts the form_post page. The policy allows this script by its digest and no other.
const submitScript = "document.forms[0].submit()"

var submitDigest = func() string {
	sum := sha256.Sum256([]byte(submitScript))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}()

var pages = template.Must(template.New("pages").Parse(`
{{define "top"}}<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{{.}}</title>
<style>
:root{color-scheme:light dark}
body{font:1rem/1.5 system-ui,sans-serif;margin:0;display:grid;place-items:center;min-height:100vh}
main{width:min(26rem,100% - 2rem);padding:1.5rem 0}
label{display:block;margin-top:1rem;font-weight:600}
input{font:inherit;width:100%;box-sizing:border-box;padding:.5rem;margin-top:.25rem}
button{font:inherit;padding:.5rem 1.25rem;margin:1.25rem .5rem 0 0}
[role=alert]{border-left:.25rem solid #c50f1f;padding-left:.75rem}
</style></head><body><main><h1>{{.}}</h1>{{end}}
{{define "bottom"}}</main></body></html>{{end}}
{{define "problem"}}{{with .}}<p role="alert">{{.Text}}</p>{{end}}{{end}}
{{define "credentials"}}<label for="login">User name</label>
<input id="login" name="login" type="email" autocomplete="username" required value="{{.}}">
<label for="passwd">Password</label>
<input id="passwd" name="passwd" type="password" autocomplete="current-password">{{end}}

{{define "signin"}}{{template "top" "Sign in"}}
{{with .App}}<p>to continue to <strong>{{.}}</strong></p>{{end}}{{with .Tenant}}<p>{{.}}</p>{{end}}
{{template "problem" .Problem}}
{{with .Current}}<form method="post" action="{{$.Action}}"><button name="action" value="continue">Continue as {{.}}</button></form>{{end}}
<form id="signin" method="post" action="{{.Action}}">
{{template "credentials" .Login}}
<button type="submit">Sign in</button></form>
{{template "bottom"}}{{end}}

{{define "device"}}{{template "top" "Enter code"}}
{{template "problem" .Problem}}
<form id="device" method="post" action="/devicelogin">
<label for="otc">Code shown on your device</label>
<input id="otc" name="otc" autocomplete="one-time-code" autocapitalize="characters" spellcheck="false" required value="{{.Typed}}">
{{if .Client}}<p>You are signing in to <strong>{{if .App}}{{.App}}{{else}}{{.Client}}{{end}}</strong> on another device. Go on only if you started this yourself.</p>
{{template "credentials" .Login}}
<button type="submit">Sign in</button><button name="action" value="cancel" formnovalidate>Cancel</button>
{{else}}<button type="submit">Next</button>{{end}}</form>
{{template "bottom"}}{{end}}

{{define "message"}}{{template "top" .Title}}<p>{{.Text}}</p>{{template "bottom"}}{{end}}

{{define "fault"}}{{template "top" "Sign in"}}<p>Sorry, but we are having trouble signing you in.</p>
{{template "problem" .Fault}}
<p>Request Id: {{.Trace}}<br>Correlation Id: {{.Correlation}}<br>Timestamp: {{.At}}</p>{{template "bottom"}}{{end}}

{{define "formpost"}}{{template "top" "Working"}}<form method="post" action="{{.Action}}">
{{range .Fields}}<input type="hidden" name="{{index . 0}}" value="{{index . 1}}">
{{end}}<noscript><p>Script is disabled. Press Continue.</p></noscript><button type="submit">Continue</button></form>
<script>` + submitScript + `</script>{{template "bottom"}}{{end}}
`))

// show renders a page. Nothing may frame it or add script to it.
func (s *Service) show(w http.ResponseWriter, status int, script, name string, data any) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Del("Access-Control-Allow-Origin")
	policy := "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
	if script != "" {
		policy += "; script-src " + script
	}
	h.Set("Content-Security-Policy", policy)
	var page strings.Builder
	if err := pages.ExecuteTemplate(&page, name, data); err != nil {
		http.Error(w, "the page cannot be shown", http.StatusInternalServerError)
		return
	}
	w.WriteHeader(status)
	_, _ = w.Write([]byte(page.String())) // the client hung up
}

func (s *Service) showSignIn(w http.ResponseWriter, page signInPage, status int) {
	s.show(w, status, "", "signin", page)
}

func (s *Service) showDevice(w http.ResponseWriter, page devicePage) {
	s.show(w, http.StatusOK, "", "device", page)
}

func (s *Service) showMessage(w http.ResponseWriter, status int, title, text string) {
	s.show(w, status, "", "message", struct{ Title, Text string }{title, text})
}

// showFault is the page for a refusal that must not be sent to the client.
func (s *Service) showFault(w http.ResponseWriter, r *http.Request, f *fault) {
	s.show(w, f.status, "", "fault", struct {
		Fault                  *fault
		Trace, Correlation, At string
	}{f, requestID(w), correlationID(r), stamp(s.now())})
}

// showFormPost hands fields to the client by a form that posts itself. A redirect address is the client's own
// and may have any registered scheme.
func (s *Service) showFormPost(w http.ResponseWriter, redirect string, fields [][2]string) {
	s.show(w, http.StatusOK, submitDigest, "formpost", struct {
		Action template.URL
		Fields [][2]string
	}{template.URL(redirect), fields}) //nolint:gosec // registered on the application
}

// errorPage explains a number of error_uri.
func (s *Service) errorPage(w http.ResponseWriter, r *http.Request) {
	text := strings.TrimPrefix(strings.ToUpper(r.URL.Query().Get("code")), "AADSTS")
	code, err := strconv.Atoi(text)
	row, ok := faultRows[code]
	if err != nil || !ok {
		s.showMessage(w, http.StatusNotFound, "Unknown error", "There is no explanation for this number.")
		return
	}
	s.showMessage(w, http.StatusOK, "AADSTS"+text, strings.ReplaceAll(row.text, "%s", "…"))
}

// nativeClient is where installed applications end their sign-in when they have no listener of their own.
func (s *Service) nativeClient(w http.ResponseWriter, _ *http.Request) {
	s.showMessage(w, http.StatusOK, "Signed in", "You can close this window.")
}

// logout ends the browser's session. It goes on to post_logout_redirect_uri only where an application that was
// used in the session registered it.
func (s *Service) logout(w http.ResponseWriter, r *http.Request, _ string, _ bool) {
	target := r.FormValue("post_logout_redirect_uri")
	registered := false
	if current, _, ok := s.browser(r); ok {
		s.grants.mu.Lock()
		clients := make(map[string]string, len(current.clients))
		for client, tenant := range current.clients {
			clients[client] = tenant
		}
		s.grants.mu.Unlock()
		for client, tenant := range clients {
			app, _ := s.dir.Application(tenant, client)
			for _, uri := range app.RedirectURIs {
				registered = registered || sameRedirect(uri, target)
			}
		}
	}
	if cookie, err := r.Cookie(sessionCookie); err == nil {
		s.grants.mu.Lock()
		delete(s.grants.sessions, cookie.Value)
		s.grants.mu.Unlock()
	}
	http.SetCookie(w, &http.Cookie{Name: sessionCookie, Path: "/", MaxAge: -1, Secure: true, HttpOnly: true, SameSite: http.SameSiteNoneMode})
	if !registered {
		s.showMessage(w, http.StatusOK, "You signed out", "You signed out of your account. It is a good idea to close all browser windows.")
		return
	}
	if state := r.FormValue("state"); state != "" {
		glue := "?"
		if strings.Contains(target, "?") {
			glue = "&"
		}
		target += glue + "state=" + template.URLQueryEscaper(state)
	}
	http.Redirect(w, r, target, http.StatusFound)
}
