package signin

import (
	"crypto/sha256"
	"crypto/subtle"
	"strings"

	"github.com/google/uuid"
)

// assertionType is the only client_assertion_type.
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// The values of appidacr: how the client proved itself.
const (
	acrPublic    = "0"
	acrSecret    = "1"
	acrAssertion = "2"
)

// authenticate checks a confidential client and returns appidacr.
func (s *Service) authenticate(req *tokenRequest, app Application) (string, *fault) {
	if assertion := req.form["client_assertion"]; assertion != "" {
		if req.form["client_assertion_type"] != assertionType {
			return "", refuse(900144, "client_assertion_type")
		}
		return acrAssertion, s.checkAssertion(req, app, assertion)
	}
	if len(req.secrets) == 0 {
		return "", refuse(7000218)
	}
	return acrSecret, s.checkSecret(req.secrets, app)
}

// checkSecret compares with every secret; an application may have several at a time. An expired one is told
// apart from a wrong one, and never wins over a valid one of the same value.
func (s *Service) checkSecret(spellings []string, app Application) *fault {
	expired := false
	for _, have := range app.Secrets {
		for _, got := range spellings {
			if have.Value == "" || !sameSecret(have.Value, got) {
				continue
			}
			if have.Expires.IsZero() || s.now().Before(have.Expires) {
				return nil
			}
			expired = true
		}
	}
	if expired {
		return refuse(7000222, app.ClientID)
	}
	return refuse(7000215, app.ClientID)
}

func sameSecret(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// identify checks the client of a person's grant: a public client must not present a credential, a
// confidential one must. A public client that also has credentials may do either.
func (s *Service) identify(req *tokenRequest, app Application) (string, *fault) {
	presented := len(req.secrets) > 0 || req.form["client_assertion"] != ""
	registered := len(app.Secrets)+len(app.Certificates)+len(app.Federated) > 0
	switch {
	case app.Public && !presented:
		return acrPublic, nil
	case app.Public && !registered:
		return "", refuse(700025)
	}
	return s.authenticate(req, app)
}

// firstParty are Microsoft's own public clients that exist in every tenant: the sign-in library's default for
// device codes, and the command line tools.
var firstParty = map[string]string{
	"04b07795-8ddb-461a-bbee-02f9e1bf7b46": "Microsoft Azure CLI",
	"1950a258-227b-4e31-a9cf-717495945fc2": "Microsoft Azure PowerShell",
	"14d82eec-204b-4c2f-b7e8-296a70dab67e": "Microsoft Graph Command Line Tools",
}

// lookup finds an application by its id, also in another case, and falls back to the first-party ones.
func (s *Service) lookup(tenant Tenant, client string) (Application, bool) {
	if app, ok := s.dir.Application(tenant.ID, client); ok {
		return app, true
	}
	lower := strings.ToLower(client)
	if lower != client {
		if app, ok := s.dir.Application(tenant.ID, lower); ok {
			return app, true
		}
	}
	name, ok := firstParty[lower]
	if !ok {
		return Application{}, false
	}
	return Application{
		ClientID: lower, DisplayName: name, Public: true,
		ServicePrincipalID: uuid.NewSHA1(uuid.NameSpaceURL, []byte(strings.ToLower(tenant.ID)+"/"+lower)).String(),
		RedirectURIs:       []string{"http://localhost", "https://login.microsoftonline.com/common/oauth2/nativeclient"},
	}, true
}

// known tells whether any tenant has the application.
func (s *Service) known(client string) bool {
	_, first := firstParty[strings.ToLower(client)]
	return first || s.dir.ApplicationExists(client) || s.dir.ApplicationExists(strings.ToLower(client))
}

// defaultScopes are the delegated permissions behind /.default where the directory does not say.
func defaultScopes(client string) []string {
	if _, ok := firstParty[client]; ok {
		return []string{"AuditLog.Read.All", "Directory.AccessAsUser.All", "Group.ReadWrite.All", "User.ReadWrite.All"}
	}
	return []string{"User.Read"}
}
