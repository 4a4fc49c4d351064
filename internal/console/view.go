package console

import (
	"crypto/rand"
	"fmt"
	"net/url"
	"strings"
	"time"

	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/coverage"
	"entente.dev/entente/internal/ident"
)

// look is how a state appears: a symbol, a word and a class, so that colour is never the only sign.
type look struct{ symbol, word, class string }

func lookOf(r coverage.Representation) look {
	switch r {
	case coverage.Internal:
		return look{"●", t("internal"), "home"}
	case coverage.Member:
		return look{"◆", t("member"), "good"}
	case coverage.Guest:
		return look{"○", t("guest"), "warn"}
	case coverage.Pending:
		return look{"…", t("pending"), "busy"}
	case coverage.SoftDeleted:
		return look{"✕", t("softDeleted"), "bad"}
	case coverage.Absent:
		return look{"–", t("absent"), "none"}
	case coverage.Blocked:
		return look{"⊘", t("blocked"), "bad"}
	default:
		return look{"·", t("not-shown"), "none"}
	}
}

func phaseLook(phase string) look {
	switch phase {
	case wire.PhaseInSync:
		return look{"✓", phase, "good"}
	case wire.PhaseWaiting:
		return look{"?", phase, "warn"}
	case wire.PhaseRefused, wire.PhaseRejected, wire.PhaseExpired, wire.PhaseBlocked:
		return look{"!", phase, "bad"}
	case wire.PhaseStopped:
		return look{"■", phase, "none"}
	default:
		return look{"▸", phase, "busy"}
	}
}

func when(at time.Time) string {
	if at.IsZero() {
		return t("never")
	}
	return at.UTC().Format("2006-01-02 15:04 UTC")
}

func requestURL(org, id string) string {
	return "/o/" + url.PathEscape(org) + "/requests/" + url.PathEscape(id)
}

func shareURL(org string, s ident.Share) string {
	return fmt.Sprintf("/o/%s/shares/%s/%s", url.PathEscape(org), url.PathEscape(string(s.Source)), url.PathEscape(string(s.Target)))
}

func nextURL(base string, pairs ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	return base + "?" + q.Encode()
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

func whoLine(v visit) string {
	var roles []string
	for _, held := range v.who.Bindings() {
		role := string(held.Role)
		if held.Tenant != "" {
			role = t("role-of", held.Role, held.Tenant)
		}
		roles = append(roles, role)
	}
	return t("signed-in-as", v.who.Name, strings.Join(roles, ", "))
}

func nameOr(name, other string) string {
	if name != "" {
		return name
	}
	return other
}
