package notify

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/store"
)

// Message is one occasion of one request. ID is the same at every repeat.
type Message struct {
	ID       string
	Occasion contract.Occasion
	Request  store.Request
	Link     string // to the request in the console; it carries no right
	At       time.Time
}

// Fact is one line of what people read.
type Fact struct{ Name, Value string }

// plainID fits into a Message-ID and is signed without doubt about where it ends.
var plainID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_/-]{0,127}$`)

// Compose makes the message about a request. publicURL is where people reach the console.
func Compose(id string, o contract.Occasion, r store.Request, publicURL string, at time.Time) Message {
	if !plainID.MatchString(id) {
		sum := sha256.Sum256([]byte(id))
		id = hex.EncodeToString(sum[:])
	}
	link := strings.TrimSuffix(publicURL, "/") + "/o/" + url.PathEscape(r.Org) + "/requests/" + url.PathEscape(r.ID)
	return Message{ID: id, Occasion: o, Request: r, Link: link, At: at}
}

// Subject is one line of plain text, and nothing in it reads as an encoded word of a header.
func (m Message) Subject() string {
	what := fmt.Sprintf("%s would share %s with %s", m.Request.Share.Source, people(m.Request.People), m.Request.Share.Target)
	if m.reduction() {
		what = fmt.Sprintf("%s would leave %s", people(m.Request.People), m.Request.Share.Target)
	}
	switch m.Occasion {
	case contract.Asked:
		what += ": please answer"
	case contract.Reminded:
		what = "still waiting: " + what
	case contract.Escalated:
		what = "nobody has answered: " + what
	default:
		what = string(m.Request.Status) + ": " + what
	}
	return oneLine(strings.ReplaceAll("Entente: "+what, "=?", "= ?"), maxSubject)
}

// Lead says in a sentence or two what happened.
func (m Message) Lead() string {
	r := m.Request
	switch m.Occasion {
	case contract.Asked:
		return m.question() + " Nothing is done before an answer."
	case contract.Reminded:
		return m.question() + " The request has been waiting since " + stamp(r.OpenedAt) + "."
	case contract.Escalated:
		return m.question() + " Nobody has answered since " + stamp(r.OpenedAt) + ", which is why your group is told now."
	}
	switch r.Status {
	case store.Approved:
		return "The request was approved. There is nothing left to do."
	case store.Rejected:
		return "The request was rejected. There is nothing left to do."
	case store.Expired:
		return "Nobody answered in time: the request has expired. It is asked again when the topology is applied again."
	case store.Withdrawn:
		return "The request was withdrawn: an answer is no longer needed."
	default:
		return "The request has ended."
	}
}

func (m Message) question() string {
	r := m.Request
	switch {
	case m.reduction():
		return fmt.Sprintf("More people would leave tenant %s at once than the budget allows: %s of the share from %s.", r.Tenant, people(r.People), r.Share.Source)
	case r.Delta:
		return fmt.Sprintf("Tenant %s shares people with tenant %s within what was accepted, and now asks for more.", r.Share.Source, r.Share.Target)
	default:
		return fmt.Sprintf("Tenant %s would like to share %s with tenant %s.", r.Share.Source, people(r.People), r.Share.Target)
	}
}

// Facts are the details, in the order in which people need them.
func (m Message) Facts() []Fact {
	r := m.Request
	list := []Fact{{"Organization", r.Org}, {"Share", fmt.Sprintf("%s to %s", r.Share.Source, r.Share.Target)}, {"People", strconv.Itoa(r.People)}}
	add := func(name, value string, when bool) {
		if when {
			list = append(list, Fact{name, value})
		}
	}
	add("At most", people(r.MaxUsers), r.MaxUsers > 0)
	add("Guests already here", strconv.Itoa(r.Guests), r.Guests > 0)
	add("Why", r.Why, r.Why != "")
	add("Approvals", fmt.Sprintf("%d of %d", len(r.Approvals), r.Approvers), r.Approvers > 1)
	add("Asked", stamp(r.OpenedAt), !r.OpenedAt.IsZero())
	if r.Status == store.Waiting {
		add("Expires", stamp(r.ExpiresAt), !r.ExpiresAt.IsZero())
	} else {
		add("Outcome", string(r.Status), true)
		add("Ended", stamp(r.DecidedAt), !r.DecidedAt.IsZero())
	}
	for i := range list {
		list[i].Value = oneLine(list[i].Value, maxFact)
	}
	return list
}

func (m Message) reduction() bool { return m.Request.Kind == "reduction" }

func people(n int) string {
	if n == 1 {
		return "1 person"
	}
	return strconv.Itoa(n) + " people"
}

func stamp(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") }

const (
	maxSubject = 150
	maxFact    = 500
)

// oneLine keeps printable text only, and not too much of it: no value can begin a header or a line of its own.
func oneLine(text string, most int) string {
	text = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, "?"), func(r rune) bool {
		return r == ' ' || !strconv.IsPrint(r)
	}), " ")
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}
