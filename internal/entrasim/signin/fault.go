package signin

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// fault is a refusal of the sign-in service. The body is flat and differs from Graph's.
type fault struct {
	status     int
	name       string // error
	code       int    // AADSTS number
	text       string
	suberror   string
	claims     string // what the client must ask for next time
	retryAfter time.Duration
}

// faultRow is the documented shape of one AADSTS number (Microsoft identity platform documentation,
// "Microsoft Entra authentication and authorization error codes").
type faultRow struct {
	status int
	name   string
	text   string // a format for the arguments of refuse
}

const (
	badRequest   = http.StatusBadRequest
	unauthorized = http.StatusUnauthorized
)

var faultRows = map[int]faultRow{
	16000:   {badRequest, "interaction_required", "User account is signed in to more than one identity; select one."},
	50011:   {badRequest, "invalid_request", "The redirect URI '%s' specified in the request does not match the redirect URIs configured for the application '%s'. Make sure the redirect URI sent in the request matches one added to your application."},
	50020:   {badRequest, "invalid_grant", "User account from identity provider does not exist in tenant '%s' and cannot access the application '%s' in that tenant."},
	50027:   {unauthorized, "invalid_client", "JWT token is invalid or malformed."},
	50034:   {badRequest, "invalid_grant", "The user account does not exist in the directory. To sign into this application, the account must be added to the directory."},
	50049:   {badRequest, "invalid_instance", "Unknown or invalid instance."},
	50057:   {badRequest, "invalid_grant", "The user account is disabled."},
	50058:   {badRequest, "login_required", "A silent sign-in request was sent but no user is signed in."},
	50076:   {badRequest, "interaction_required", "Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access '%s'."},
	50126:   {badRequest, "invalid_grant", "Error validating credentials due to invalid username or password."},
	50173:   {badRequest, "invalid_grant", "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password."},
	53003:   {badRequest, "interaction_required", "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance."},
	54005:   {badRequest, "invalid_grant", "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token."},
	65001:   {badRequest, "invalid_grant", "The user or administrator has not consented to use the application with ID '%s'. Send an interactive authorization request for this user and resource."},
	65004:   {badRequest, "access_denied", "User declined to consent to access the app."},
	70000:   {badRequest, "invalid_grant", "Provided grant is invalid or malformed."},
	70003:   {badRequest, "unsupported_grant_type", "The app requested an unsupported grant type '%s'."},
	70007:   {badRequest, "unsupported_response_mode", "'%s' is not a supported value for response_mode when requesting a token."},
	70008:   {badRequest, "invalid_grant", "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this user and resource."},
	70011:   {badRequest, "invalid_scope", "The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope %s is not valid."},
	70016:   {badRequest, "authorization_pending", "OAuth 2.0 device flow error. Authorization is pending. Continue polling."},
	70018:   {badRequest, "bad_verification_code", "Invalid verification code due to user typing in wrong user code for device code flow, or the device code is unknown."},
	70019:   {badRequest, "expired_token", "Verification code expired. Have the user retry the sign-in."},
	90002:   {badRequest, "invalid_request", "Tenant '%s' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant."},
	90033:   {http.StatusServiceUnavailable, "temporarily_unavailable", "A transient error has occurred. Please try again."},
	90055:   {http.StatusTooManyRequests, "temporarily_unavailable", "The server is terminating the request because there are too many requests."},
	500011:  {badRequest, "invalid_resource", "The resource principal named %s was not found in the tenant named %s. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant."},
	500112:  {badRequest, "invalid_grant", "The reply address '%s' does not match the reply address provided when requesting Authorization code."},
	501481:  {badRequest, "invalid_grant", "The Code_Verifier does not match the code_challenge supplied in the authorization request."},
	501491:  {badRequest, "invalid_request", "The code_challenge_method '%s' is not supported, or its code_challenge is malformed."},
	700016:  {badRequest, "unauthorized_client", "Application with identifier '%s' was not found in the directory '%s'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant."},
	700021:  {unauthorized, "invalid_client", "Client assertion application identifier doesn't match 'client_id' parameter."},
	700022:  {badRequest, "invalid_scope", "The provided value for the input parameter 'scope' is not valid because it contains more than one resource. Scope %s is not valid."},
	700023:  {unauthorized, "invalid_client", "Client assertion audience claim does not match Realm issuer."},
	700025:  {unauthorized, "invalid_client", "Client is public so neither 'client_assertion' nor 'client_secret' should be presented."},
	700027:  {unauthorized, "invalid_client", "Client assertion failed signature validation. %s"},
	700051:  {badRequest, "unsupported_response_type", "response_type '%s' is not enabled for the application."},
	700082:  {badRequest, "invalid_grant", "The refresh token has expired due to inactivity or is not known."},
	700211:  {unauthorized, "invalid_client", "No matching federated identity record found for presented assertion issuer '%s'."},
	700212:  {unauthorized, "invalid_client", "No matching federated identity record found for presented assertion audience '%s'."},
	700213:  {unauthorized, "invalid_client", "No matching federated identity record found for presented assertion subject '%s'."},
	900023:  {badRequest, "invalid_request", "Specified tenant identifier '%s' is neither a valid DNS name, nor a valid external domain."},
	900144:  {badRequest, "invalid_request", "The request body must contain the following parameter: '%s'."},
	900561:  {http.StatusMethodNotAllowed, "invalid_request", "The endpoint only accepts %s requests. Received a %s request."},
	1002012: {badRequest, "invalid_scope", "The provided value for scope %s is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI)."},
	7000112: {badRequest, "unauthorized_client", "Application '%s' (%s) is disabled."},
	7000215: {unauthorized, "invalid_client", "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '%s'."},
	7000218: {unauthorized, "invalid_client", "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."},
	7000222: {unauthorized, "invalid_client", "The provided client secret keys for app '%s' are expired."},
	9000411: {badRequest, "invalid_request", "The request is not properly formatted. The parameter '%s' is duplicated."},
	9001023: {badRequest, "invalid_request", "The grant type is not supported over the /common or /consumers endpoints. Please use the tenant-specific endpoint."},
	9002313: {badRequest, "invalid_request", "Invalid request. Request is malformed or invalid."},
}

// refuse builds the refusal of an AADSTS number. A number without a row is a plain invalid_request.
func refuse(code int, args ...any) *fault {
	row, ok := faultRows[code]
	if !ok {
		row = faultRow{badRequest, "invalid_request", "The request was refused."}
	}
	if want := strings.Count(row.text, "%s"); len(args) > want {
		args = args[:want]
	} else {
		for len(args) < want {
			args = append(args, "")
		}
	}
	for i, a := range args {
		if text, ok := a.(string); ok && len(text) > 200 {
			args[i] = strings.ToValidUTF8(text[:200], "") + "…"
		}
	}
	f := &fault{status: row.status, name: row.name, code: code, text: fmt.Sprintf(row.text, args...)}
	switch code {
	case 65001:
		f.suberror = "consent_required"
	case 50076:
		f.suberror = "basic_action"
		f.claims = `{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`
	case 53003:
		f.suberror = "message_only"
		f.claims = `{"access_token":{"capolids":{"essential":true,"values":["` + uuid.NewString() + `"]}}}`
	}
	return f
}

// named gives the same refusal another error name, where the documentation has one per endpoint.
func (f *fault) named(name string) *fault {
	f.name = name
	return f
}

// outcome is what the request log shows.
func (f *fault) outcome() string {
	if f == nil {
		return "ok"
	}
	return "AADSTS" + strconv.Itoa(f.code)
}

// describe is error_description for one request: people read it, some tools print only its numbers.
func (f *fault) describe(trace, correlation string, at time.Time) string {
	return fmt.Sprintf("AADSTS%d: %s Trace ID: %s Correlation ID: %s Timestamp: %s", f.code, f.text, trace, correlation, stamp(at))
}

// stamp is a time as the sign-in service writes it: with a blank where ISO 8601 has a T.
func stamp(at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05Z") }

// faultBody is the error body in the order of the real service.
type faultBody struct {
	Error         string `json:"error"`
	Description   string `json:"error_description"`
	Codes         []int  `json:"error_codes"`
	Timestamp     string `json:"timestamp"`
	TraceID       string `json:"trace_id"`
	CorrelationID string `json:"correlation_id"`
	URI           string `json:"error_uri"`
	Suberror      string `json:"suberror,omitempty"`
	Claims        string `json:"claims,omitempty"`
}

// fail writes a refusal.
func (s *Service) fail(w http.ResponseWriter, r *http.Request, f *fault) {
	at, trace, correlation := s.now(), requestID(w), correlationID(r)
	if f.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((f.retryAfter+time.Second-1)/time.Second)))
	}
	writeJSON(w, f.status, faultBody{
		Error: f.name, Description: f.describe(trace, correlation, at), Codes: []int{f.code}, Timestamp: stamp(at),
		TraceID: trace, CorrelationID: correlation, URI: Base(r) + "/error?code=" + strconv.Itoa(f.code),
		Suberror: f.suberror, Claims: f.claims,
	})
}

// requestID is the id that the router put on the answer.
func requestID(w http.ResponseWriter) string { return w.Header().Get("x-ms-request-id") }

// correlationID repeats the client's id where it is one, in the header or in the query.
func correlationID(r *http.Request) string {
	for _, id := range []string{r.Header.Get("client-request-id"), r.URL.Query().Get("client-request-id")} {
		if isGUID(id) {
			return id
		}
	}
	return uuid.NewString()
}

func isGUID(text string) bool { return len(text) == 36 && uuid.Validate(text) == nil }

func writeJSON(w http.ResponseWriter, status int, body any) {
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(body) // the client hung up
}

// random is an unguessable opaque value.
func random() string { return rand.Text() + rand.Text() }
