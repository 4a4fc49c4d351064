package telemetry

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"golang.org/x/term"
)

// Redacted replaces the value of an attribute that may hold a person's name or a credential.
const Redacted = "[redacted]"

// NewLogger writes text to terminals and JSON everywhere else.
func NewLogger(w io.Writer, level slog.Leveler) *slog.Logger {
	opts := &slog.HandlerOptions{Level: level, ReplaceAttr: redact}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return slog.New(slog.NewTextHandler(w, opts))
	}
	return slog.New(slog.NewJSONHandler(w, opts))
}

// ParseLevel reads debug, info, warn or error.
func ParseLevel(text string) (slog.Level, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(text)); err != nil {
		return 0, fmt.Errorf("%q is no log level; write debug, info, warn or error", text)
	}
	return level, nil
}

// redact goes by the attribute's key. The message and error texts are the writer's duty: problem.Error carries no
// names of people.
func redact(_ []string, a slog.Attr) slog.Attr {
	if private(a.Key) {
		return slog.String(a.Key, Redacted)
	}
	return a
}

// private tells whether a key may hold a person's name, an address or a credential.
func private(key string) bool {
	key = strings.ToLower(key)
	switch key {
	case "upn", "mail", "name", "authorization", "cookie", "proxyaddresses", "othermails":
		return true
	}
	for _, end := range []string{"principalname", "displayname", "givenname", "surname", "email", "token", "secret", "password", "assertion"} {
		if strings.HasSuffix(key, end) {
			return true
		}
	}
	return false
}
