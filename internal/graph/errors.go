package graph

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"entente.dev/entente/internal/problem"
)

const (
	maxErrorBody     = 64 << 10
	codeInvalidToken = "InvalidAuthenticationToken"
	codeDenied       = "Authorization_RequestDenied"
	codeUnknown      = "UnknownError"
	codeDuplicate    = "Request_MultipleObjectsWithSameKeyValue"
)

// errorBody is what we read of Graph's error answer. Everything may be missing.
type errorBody struct {
	Code      string
	Message   string
	RequestID string
	Details   []string // codes
}

// readErrorBody never fails: an answer that is not an error object gives an empty errorBody.
func readErrorBody(body []byte) errorBody {
	if len(body) > maxErrorBody {
		body = body[:maxErrorBody]
	}
	var wire struct {
		Error struct {
			Code    json.RawMessage `json:"code"`
			Message json.RawMessage `json:"message"`
			Details []struct {
				Code string `json:"code"`
			} `json:"details"`
			Inner map[string]json.RawMessage `json:"innerError"`
		} `json:"error"`
	}
	if json.Unmarshal(body, &wire) != nil {
		return errorBody{}
	}
	found := errorBody{Code: text(wire.Error.Code), Message: text(wire.Error.Message)}
	for _, d := range wire.Error.Details {
		found.Details = append(found.Details, d.Code)
	}
	found.RequestID = text(wire.Error.Inner["request-id"])
	return found
}

func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// Classify is the one place where an answer of Graph becomes a kind of problem. It is total: every status
// from 300 to 599 has a kind, whatever the body.
func Classify(op Operation, status int, header http.Header, body []byte) *problem.Error {
	b := readErrorBody(body)
	found := problem.New(kindOf(op, status, b), op.Name, detailOf(status, b))
	found.Code = b.Code
	if found.Code == "" {
		found.Code = "HTTP" + strconv.Itoa(status)
	}
	found.RequestID = header.Get("request-id")
	if found.RequestID == "" {
		found.RequestID = b.RequestID
	}
	if found.Kind.Retryable() {
		found.RetryAfter, _ = RetryAfter(header, time.Now())
	}
	found.Remedy = remedyOf(op, found.Kind, b)
	return found
}

// codeKinds are the codes whose meaning does not depend on the status they came with
// (graph-setup and learn.microsoft.com/graph/errors, checked 2026-11).
var codeKinds = map[string]problem.Kind{
	strings.ToLower(codeInvalidToken):                       problem.Unauthenticated,
	strings.ToLower(codeDenied):                             problem.Forbidden,
	"accessdenied":                                          problem.Forbidden,
	"authorization_identitynotfound":                        problem.Forbidden,
	"authentication_requestfromnonpremiumtenantorb2ctenant": problem.Forbidden,
	"syncstatenotfound":                                     problem.DeltaReset,
	"resyncrequired":                                        problem.DeltaReset,
	"syncstateinvalid":                                      problem.DeltaReset,
	"directory_expiredpagetoken":                            problem.Incomplete,
	"toomanyrequests":                                       problem.Throttled,
	"activitylimitreached":                                  problem.Throttled,
	"request_resourcenotfound":                              problem.NotFound,
	"directory_objectnotfound":                              problem.NotFound,
	"itemnotfound":                                          problem.NotFound,
	strings.ToLower(codeDuplicate):                          problem.Conflict,
	"serviceunavailable":                                    problem.Unavailable,
	"service_unavailable":                                   problem.Unavailable,
	"directory_concurrencyviolation":                        problem.Unavailable,
	"directory_quotaexceeded":                               problem.Rejected,
	"schemainvalid":                                         problem.Rejected,
}

func kindOf(op Operation, status int, b errorBody) problem.Kind {
	synchronization := strings.Contains(op.Route, "/synchronization/")
	switch {
	case status == http.StatusUnauthorized && synchronization && (b.Code == codeUnknown || b.Code == ""):
		return problem.Forbidden // the synchronization service's way of saying 403
	case status == http.StatusTooManyRequests:
		return problem.Throttled
	}
	if kind, ok := codeKinds[strings.ToLower(b.Code)]; ok && (kind != problem.Unavailable || status >= 400) {
		return kind
	}
	switch status {
	case http.StatusUnauthorized, http.StatusProxyAuthRequired:
		return problem.Unauthenticated
	case http.StatusForbidden:
		return problem.Forbidden
	case http.StatusNotFound:
		return problem.NotFound
	case http.StatusConflict, http.StatusLocked:
		return problem.Conflict
	case http.StatusGone:
		return problem.DeltaReset
	case http.StatusPreconditionFailed:
		return problem.Stale
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusFailedDependency:
		return problem.Unavailable // nothing was executed
	case http.StatusServiceUnavailable:
		return problem.Unavailable
	}
	switch {
	case status < 400:
		return problem.Rejected // a redirect: followed nowhere
	case status < 500:
		return problem.Rejected
	case op.Method == http.MethodPost && status != http.StatusNotImplemented:
		return problem.Ambiguous // a POST is not safe to repeat, and a broken answer does not say it failed
	case status == http.StatusNotImplemented, status == http.StatusHTTPVersionNotSupported:
		return problem.Rejected
	}
	return problem.Unavailable
}

// detailOf is the service's message without what may be a person's.
func detailOf(status int, b errorBody) string {
	if message := Scrub(b.Message); message != "" {
		return message
	}
	name := http.StatusText(status)
	if name == "" {
		name = "without a message"
	}
	return "answered " + strconv.Itoa(status) + " " + name
}

func remedyOf(op Operation, kind problem.Kind, b errorBody) string {
	switch kind {
	case problem.Forbidden:
		if op.Permission == "" {
			return "grant the missing permission to the app in this tenant"
		}
		return "grant the application permission " + op.Permission + " to the app in this tenant and consent to it; new grants take some minutes to appear"
	case problem.Unauthenticated:
		return "the tenant no longer accepts the app's token: check the app registration, its credential and its consent"
	case problem.DeltaReset:
		return "the change token is gone; everything is read again"
	case problem.Throttled:
		return "the call is repeated after the time the service asks for"
	case problem.Ambiguous:
		return "the state is read again before anything is repeated"
	case problem.Unavailable:
		return "the call is tried again"
	case problem.Rejected:
		return rejectedRemedy(b)
	}
	return ""
}

func rejectedRemedy(b errorBody) string {
	text := strings.ToLower(b.Code + " " + b.Message)
	switch {
	case strings.Contains(text, "policycheckfailure"):
		return "both sides must allow automatic redemption and the target must allow inbound synchronization; changes take some minutes to be seen"
	case strings.Contains(text, "externaltenantnotfound"):
		return "the target tenant is not in this cloud: check its tenant id"
	case strings.Contains(text, "object limit"):
		return "the cross-tenant access policy has reached its size limit of 25 KB: remove partner settings that nobody needs"
	case strings.Contains(text, "quotaexceeded"):
		return "the tenant's directory quota is used up: verify a domain or ask Microsoft for more"
	case strings.Contains(text, "schemainvalid"):
		return "the synchronization schema is refused: the matching attribute of cross-tenant synchronization is fixed"
	}
	return "Graph refuses this change as it is; see the code and the request id"
}

// RetryAfter reads the header of the same name: seconds, also fractional (the identity service sends
// 2.128), or an HTTP date. It tells whether there was one; a date in the past is zero seconds.
func RetryAfter(header http.Header, now time.Time) (time.Duration, bool) {
	value := strings.TrimSpace(header.Get("Retry-After"))
	if value == "" {
		return 0, false
	}
	if seconds, err := strconv.ParseFloat(value, 64); err == nil {
		if !(seconds >= 0) { // negative or not a number
			return 0, false
		}
		return time.Duration(min(seconds, maxRetryAfter.Seconds()) * float64(time.Second)), true
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(at.Sub(now), 0), maxRetryAfter), true
	}
	return 0, false
}

// maxRetryAfter bounds what a header can make us wait.
const maxRetryAfter = 24 * time.Hour
