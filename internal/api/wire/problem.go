package wire

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"entente.dev/entente/internal/problem"
)

// Problem is a failure as RFC 9457 describes it, with our taxonomy beside. The client returns it as an error.
type Problem struct {
	Type       string      `json:"type,omitempty" doc:"Stable address of the kind of problem"`
	Title      string      `json:"title,omitempty" doc:"The kind in words"`
	Status     int         `json:"status,omitempty" doc:"HTTP status; 0 when no answer came"`
	Detail     string      `json:"detail,omitempty" doc:"What failed"`
	Kind       string      `json:"kind,omitempty" doc:"Row of the taxonomy: Invalid, Forbidden, NotFound, Conflict, Stale, …"`
	Op         string      `json:"op,omitempty" doc:"What was being done"`
	Tenant     string      `json:"tenant,omitempty" doc:"The tenant it happened in"`
	Code       string      `json:"code,omitempty" doc:"Graph's or Entra's own code"`
	Remedy     string      `json:"remedy,omitempty" doc:"What to do"`
	RequestID  string      `json:"requestId,omitempty" doc:"Graph's request-id"`
	Errors     []Fault     `json:"errors,omitempty" doc:"Every single fault of what was sent"`
	Difference *Difference `json:"difference,omitempty" doc:"What changed since the plan that was seen"`
	// RetryAfter travels as the header of that name; 0 is none.
	RetryAfter time.Duration `json:"-"`
}

// Difference is what changed between the plan that was seen and the one that a request is about by now. The lists are
// cut; the counts are not.
type Difference struct {
	Added        []string `json:"added" doc:"User principal names of those who ask only now"`
	AddedCount   int      `json:"addedCount"`
	Removed      []string `json:"removed" doc:"Those who ask no longer"`
	RemovedCount int      `json:"removedCount"`
	Changed      []Change `json:"changed" doc:"Those for whom the plan means something else by now"`
	ChangedCount int      `json:"changedCount"`
}

// Change is what a plan meant for one person, and what it means now.
type Change struct {
	UPN    string `json:"upn"`
	Before string `json:"before"`
	Now    string `json:"now"`
}

// Fault is one thing that is wrong with what was sent. Topology faults have a place in the file, others the
// path of the field.
type Fault struct {
	File     string `json:"file,omitempty"`
	Line     int    `json:"line,omitempty"`
	Column   int    `json:"column,omitempty"`
	Location string `json:"location,omitempty" doc:"Path of the field, for requests that do not fit the schema"`
	Rule     string `json:"rule,omitempty" doc:"Stable name of the rule that was broken"`
	Message  string `json:"message"`
	Remedy   string `json:"remedy,omitempty"`
}

func (f Fault) String() string {
	var b strings.Builder
	switch {
	case f.Line > 0:
		fmt.Fprintf(&b, "%s:%d:%d: ", f.File, f.Line, f.Column)
	case f.File != "":
		fmt.Fprintf(&b, "%s: ", f.File)
	case f.Location != "":
		fmt.Fprintf(&b, "%s: ", f.Location)
	}
	b.WriteString(f.Message)
	if f.Rule != "" {
		fmt.Fprintf(&b, " [%s]", f.Rule)
	}
	if f.Remedy != "" {
		fmt.Fprintf(&b, "; %s", f.Remedy)
	}
	return b.String()
}

// From makes a problem of an error in the taxonomy.
func From(e *problem.Error) *Problem {
	detail := e.Detail
	if detail == "" {
		detail = e.Op
	}
	return &Problem{
		Type: typeOf(e.Kind), Title: title(e.Kind), Status: e.Kind.HTTPStatus(), Detail: detail, Kind: string(e.Kind),
		Op: e.Op, Tenant: e.Tenant, Code: e.Code, Remedy: e.Remedy, RequestID: e.RequestID,
		RetryAfter: e.RetryAfter,
	}
}

func typeOf(k problem.Kind) string {
	return "https://entente.dev/problems/" + strings.ToLower(string(k))
}

// title is the same for every occurrence of a kind, as the RFC asks.
func title(k problem.Kind) string {
	switch k {
	case problem.Invalid:
		return "What was sent is wrong"
	case problem.Unauthenticated:
		return "Not signed in"
	case problem.Forbidden:
		return "Not allowed"
	case problem.NotFound:
		return "Not found"
	case problem.Conflict:
		return "In conflict with the present state"
	case problem.Stale:
		return "Changed in the meantime"
	case problem.GuardTripped:
		return "A guard waits for a person"
	case problem.Throttled, problem.Unavailable:
		return "Not available at the moment"
	case problem.Bug:
		return "A fault of Entente"
	default:
		return "Refused by Microsoft Graph"
	}
}

// Error tells a person what failed, what state things are in and what to do.
func (p *Problem) Error() string {
	var b strings.Builder
	if p.Op != "" && p.Op != p.Detail {
		fmt.Fprintf(&b, "%s: ", p.Op)
	}
	b.WriteString(p.Detail)
	if p.Tenant != "" && !strings.Contains(b.String(), "tenant "+p.Tenant) {
		fmt.Fprintf(&b, " (tenant %s)", p.Tenant)
	}
	if p.Code != "" {
		fmt.Fprintf(&b, " [%s]", p.Code)
	}
	if p.Remedy != "" {
		fmt.Fprintf(&b, "; %s", p.Remedy)
	}
	return b.String()
}

// Unwrap lets problem.KindOf see the kind on the client's side too.
func (p *Problem) Unwrap() error {
	return &problem.Error{
		Kind: problem.Kind(p.Kind), Op: p.Op, Tenant: p.Tenant, Code: p.Code, Detail: p.Detail, Remedy: p.Remedy,
		RequestID: p.RequestID, RetryAfter: p.RetryAfter,
	}
}

// GetHeaders is what the server's framework asks an error for: when to come again, in whole seconds.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int((p.RetryAfter+time.Second-1)/time.Second)))
	}
	return h
}

// GetStatus is what the server's framework asks an error for.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType makes the media type the RFC's.
func (p *Problem) ContentType(ct string) string {
	if ct == "application/json" {
		return "application/problem+json"
	}
	return ct
}
