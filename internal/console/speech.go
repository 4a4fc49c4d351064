package console

import (
	"context"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"entente.dev/entente/internal/console/catalogue"
)

// speech is how a page speaks: the language, and where the page is, to come back to after another was chosen.
type speech struct {
	catalogue.Printer
	known catalogue.Sentences
	here  string
}

type speechKey struct{}

func speaking(ctx context.Context) speech {
	s, _ := ctx.Value(speechKey{}).(speech)
	return s
}

// t is a text of the catalogue in the language of the request.
func t(ctx context.Context, key string, args ...any) string { return speaking(ctx).T(key, args...) }

// word is what the catalogue calls something that came over the wire; false where it does not know it.
func word(ctx context.Context, family, value string) (string, bool) {
	s := speaking(ctx)
	if key := family + "." + value; s.Has(key) {
		return s.T(key), true
	}
	return value, false
}

// wordOr is word where the page has no place to mark what is English.
func wordOr(ctx context.Context, family, value string) string {
	text, _ := word(ctx, family, value)
	return text
}

func number(ctx context.Context, n int) string      { return speaking(ctx).Number(n) }
func when(ctx context.Context, at time.Time) string { return speaking(ctx).Time(at) }

func listed(ctx context.Context, items []string) string {
	return strings.Join(items, t(ctx, "list-separator"))
}

// inLanguage chooses the language of every answer.
func (c *console) inLanguage(next http.Handler) http.Handler {
	texts := catalogue.New()
	known := catalogue.NewSentences(texts)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked := ""
		if cookie, err := r.Cookie(c.languageCookie().Name); err == nil {
			asked = cookie.Value
		}
		lang := catalogue.Choose(asked, r.Header.Get("Accept-Language"))
		if c.language != "" {
			lang = c.language
		}
		s := speech{Printer: texts.In(lang), known: known, here: here(r)}
		w.Header().Set("Content-Language", string(lang))
		w.Header().Add("Vary", "Accept-Language, Cookie")
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), speechKey{}, s)))
	})
}

// here is the address that shows what the visitor looks at: of a form's answer, the page that has the form.
func here(r *http.Request) string {
	switch {
	case r.URL.Path == "/sign-in" || strings.HasPrefix(r.URL.Path, "/sign-in/"):
		return withQuery("/sign-in", "to", local(r.FormValue("to")))
	case r.Method == http.MethodGet:
		return r.URL.RequestURI()
	}
	return path.Dir(r.URL.EscapedPath())
}

func (c *console) languageCookie() *http.Cookie {
	out := &http.Cookie{Name: "entente-lang", Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: c.Secure, MaxAge: int(365 * 24 * time.Hour / time.Second)}
	if c.Secure {
		out.Name = "__Host-entente-lang"
	}
	return out
}

// chooseLanguage keeps a visitor's choice and leads back to where it was made.
func (c *console) chooseLanguage(w http.ResponseWriter, r *http.Request) {
	cookie := c.languageCookie()
	cookie.Value = string(catalogue.Choose(r.PostFormValue("lang"), r.Header.Get("Accept-Language")))
	http.SetCookie(w, cookie)
	http.Redirect(w, r, local(r.PostFormValue("to")), http.StatusSeeOther)
}

// withQuery is an address with those pairs that have a value.
func withQuery(base string, pairs ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	if len(q) == 0 {
		return base
	}
	return base + "?" + q.Encode()
}
