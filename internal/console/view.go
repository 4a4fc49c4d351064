package console

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"time"
	"unicode"
	"unicode/utf8"

	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/coverage"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/store"
)

// look is how a state appears: a symbol, a word and a class, so that colour is never the only sign. A word that the
// catalogue does not know is English.
type look struct {
	symbol, word, class string
	english             bool
}

// looks gives the symbol and the class of a wire word.
func looks(ctx context.Context, family, value, symbol, class string) look {
	text, ok := word(ctx, family, value)
	return look{symbol, text, class, !ok}
}

func lookOf(ctx context.Context, r coverage.Representation) look {
	symbol, class := "·", "none"
	switch r {
	case coverage.Internal:
		symbol, class = "●", "home"
	case coverage.Member:
		symbol, class = "◆", "good"
	case coverage.Guest:
		symbol, class = "○", "warn"
	case coverage.Pending:
		symbol, class = "…", "busy"
	case coverage.SoftDeleted:
		symbol, class = "✕", "bad"
	case coverage.Absent:
		symbol, class = "–", "none"
	case coverage.Blocked:
		symbol, class = "⊘", "bad"
	case "":
		return look{symbol: symbol, word: t(ctx, "not-shown"), class: class}
	}
	return looks(ctx, "as", string(r), symbol, class)
}

func phaseLook(ctx context.Context, phase string) look {
	symbol, class := "▸", "busy"
	switch phase {
	case wire.PhaseInSync:
		symbol, class = "✓", "good"
	case wire.PhaseWaiting:
		symbol, class = "?", "warn"
	case wire.PhaseRefused, wire.PhaseRejected, wire.PhaseExpired, wire.PhaseBlocked:
		symbol, class = "!", "bad"
	case wire.PhaseFrozen:
		symbol, class = "❄", "home"
	case wire.PhasePaused:
		symbol, class = "‖", "warn"
	case wire.PhaseStopped:
		symbol, class = "■", "none"
	}
	return looks(ctx, "phase", phase, symbol, class)
}

func requestLook(ctx context.Context, s store.RequestStatus) look {
	symbol, class := "■", "none"
	switch s {
	case store.Waiting:
		symbol, class = "?", "warn"
	case store.Approved:
		symbol, class = "✓", "good"
	case store.Rejected:
		symbol, class = "✕", "bad"
	}
	return looks(ctx, "status", string(s), symbol, class)
}

func removalLook(ctx context.Context, s store.RemovalState) look {
	symbol, class := "…", "busy"
	switch s {
	case store.Proven:
		symbol, class = "✓", "good"
	case store.Returned:
		symbol, class = "↩", "home"
	}
	return looks(ctx, "removal", string(s), symbol, class)
}

func effectLook(ctx context.Context, a plan.EffectAction) look {
	symbol, class := "=", "none"
	switch a {
	case plan.Create:
		symbol, class = "+", "good"
	case plan.Adopt, plan.Restore, plan.TurnOn:
		symbol, class = "↑", "busy"
	case plan.Remove, plan.TurnOff:
		symbol, class = "−", "bad"
	case plan.Skip, plan.HeldOut:
		symbol, class = "⊘", "bad"
	case plan.Wait:
		symbol, class = "?", "warn"
	}
	return looks(ctx, "effect", string(a), symbol, class)
}

func requestURL(org, id string) string {
	return "/o/" + url.PathEscape(org) + "/requests/" + url.PathEscape(id)
}

func orgURL(org, rest string) string { return "/o/" + url.PathEscape(org) + rest }

func shareURL(org string, s ident.Share) string {
	return fmt.Sprintf("/o/%s/shares/%s/%s", url.PathEscape(org), url.PathEscape(string(s.Source)), url.PathEscape(string(s.Target)))
}

// formKey makes one form one command, however often it is sent.
func formKey() string { return rand.Text() }

func inSync(shares []wire.ShareStatus) int {
	n := 0
	for _, s := range shares {
		if s.InSync {
			n++
		}
	}
	return n
}

func whoLine(ctx context.Context, v visit) string {
	var roles []string
	for _, held := range v.who.Bindings() {
		role := wordOr(ctx, "role", string(held.Role))
		if held.Tenant != "" {
			role = t(ctx, "role-of", role, held.Tenant)
		}
		roles = append(roles, role)
	}
	return t(ctx, "signed-in-as", v.who.Name, listed(ctx, roles))
}

func nameOr(name, other string) string {
	if name != "" {
		return name
	}
	return other
}

// wireTime is a moment as it came over the wire.
type wireTime = time.Time

// sentenceCase begins a text with a capital letter.
func sentenceCase(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}
