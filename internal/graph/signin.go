package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"entente.dev/entente/internal/problem"
)

// signInRemedies says what to do about the sign-in service's codes
// (learn.microsoft.com/entra/identity-platform/reference-error-codes, checked 2026-11).
var signInRemedies = map[string]string{
	"7000215": "the client secret is wrong: store the secret's value, not its id",
	"7000222": "the client secret has expired: add a new one to the app registration and store it",
	"7000218": "neither a secret nor an assertion was sent: check the credential's kind",
	"700027":  "register this certificate on the app registration, or store the one that is registered and still valid",
	"50012":   "the assertion is refused: check the certificate and this machine's clock",
	"700016":  "the app is not known in this tenant: have an administrator of the tenant consent to it",
	"7000112": "the app is disabled in this tenant: enable its enterprise application",
	"90002":   "the tenant does not exist: check its tenant id",
	"900023":  "the tenant id is neither a GUID nor a verified domain",
	"500011":  "the Graph resource is not known in this tenant: check the scope of the process configuration",
	"1002012": "the scope must end in /.default",
	"70011":   "the scope is not valid: it must be one resource with /.default",
	"65001":   "nobody consented to the app in this tenant: have an administrator grant its permissions",
	"53003":   "a Conditional Access policy for workload identities blocks the app",
	"70021":   "no federated credential of the app matches: check its issuer, subject and audience",
	"700211":  "no federated credential of the app matches the issuer",
	"700213":  "no federated credential of the app matches the subject",
	"700024":  "the assertion is out of its time: check this machine's clock",
}

var signInCode = regexp.MustCompile(`AADSTS(\d{4,8})`)

// classify turns azidentity's failure into a problem. Its own text holds the whole answer and is not kept.
func (s *tokenSource) classify(ctx context.Context, err error) error {
	var failed *azidentity.AuthenticationFailedError
	status, body := 0, []byte(nil)
	var header http.Header
	if errors.As(err, &failed) && failed.RawResponse != nil {
		status, header = failed.RawResponse.StatusCode, failed.RawResponse.Header
		body, _ = io.ReadAll(io.LimitReader(failed.RawResponse.Body, maxErrorBody))
		failed.RawResponse.Body = io.NopCloser(bytes.NewReader(body))
	}
	code := signInCodeOf(body)
	if code == "" {
		if m := signInCode.FindStringSubmatch(err.Error()); m != nil {
			code = m[1]
		}
	}
	host := s.authority.Host
	switch {
	case code == "90055" || status == http.StatusTooManyRequests:
		found := s.problem(problem.Throttled, aadsts(code), "the sign-in service at "+host+" asks to slow down", "")
		found.RetryAfter, _ = RetryAfter(header, time.Now())
		return found
	case code == "90033" || status >= 500 || (status == 0 && code == ""):
		found := s.problem(problem.Unavailable, aadsts(code), "no token from "+host, "check the network, the proxy and the sign-in address; the call is tried again")
		if reason := networkReason(err); reason != "" {
			found.Detail += " (" + reason + ")"
		}
		found.RetryAfter, _ = RetryAfter(header, time.Now())
		if ctx.Err() != nil {
			wrapped := problem.Wrap(found.Kind, "", ctx.Err()) // keeps errors.Is for the caller
			wrapped.Tenant, wrapped.Detail, wrapped.Remedy = found.Tenant, found.Detail, found.Remedy
			return wrapped
		}
		return found
	}
	remedy := signInRemedies[code]
	if remedy == "" {
		remedy = "check the app registration, its credential and the tenant's consent"
	}
	return s.problem(problem.Unauthenticated, aadsts(code), "the sign-in service at "+host+" refused the app", remedy)
}

func aadsts(code string) string {
	if code == "" {
		return ""
	}
	return "AADSTS" + code
}

// signInCodeOf reads the first code of the flat body of the sign-in service.
func signInCodeOf(body []byte) string {
	var answer struct {
		Codes       []int  `json:"error_codes"`
		Description string `json:"error_description"`
	}
	if json.Unmarshal(body, &answer) == nil && len(answer.Codes) > 0 {
		return strconv.Itoa(answer.Codes[0])
	}
	if m := signInCode.FindSubmatch(body); m != nil {
		return string(m[1])
	}
	return ""
}

func (s *tokenSource) problem(kind problem.Kind, code, detail, remedy string) *problem.Error {
	found := problem.New(kind, "", detail)
	found.Tenant, found.Code, found.Remedy = s.tenant, code, remedy
	return found
}
