package engine

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
)

// secretNames is the closed enumeration microsoft.graph.synchronizationSecret.
var secretNames = func() map[string]bool {
	m := map[string]bool{}
	for _, k := range strings.Fields(`None UserName Password SecretToken AppKey BaseAddress ClientIdentifier ClientSecret
		SingleSignOnType Sandbox Url Domain ConsumerKey ConsumerSecret TokenKey TokenExpiration Oauth2AccessToken
		Oauth2AccessTokenCreationTime Oauth2RefreshToken SyncAll InstanceName Oauth2ClientId Oauth2ClientSecret CompanyId
		UpdateKeyOnSoftDelete SynchronizationSchedule SystemOfRecord SandboxName EnforceDomain SyncNotificationSettings
		SkipOutOfScopeDeletions Oauth2AuthorizationCode Oauth2RedirectUri ApplicationTemplateIdentifier Oauth2TokenExchangeUri
		Oauth2AuthorizationUri AuthenticationType Server PerformInboundEntitlementGrants HardDeletesEnabled
		SyncAgentCompatibilityKey SyncAgentADContainer ValidateDomain TestReferences ConnectionString`) {
		m[k] = true
	}
	return m
}()

// hidden secrets read back as "*" always; the ones cross-tenant synchronization uses are no secret material.
var hiddenSecrets = map[string]bool{"Password": true, "SecretToken": true, "AppKey": true, "ClientSecret": true,
	"ConsumerSecret": true, "Oauth2AccessToken": true, "Oauth2RefreshToken": true, "Oauth2ClientSecret": true,
	"Oauth2AuthorizationCode": true, "ConnectionString": true}

// SetSecrets replaces the secrets of a service principal. A value of "" removes its key, and "*" (what a masked
// secret reads as) keeps the stored value, so that read, append, write back is safe. A changed CompanyId points
// every job at another tenant: links and watermark go.
func (e *Engine) SetSecrets(tenantID, spID string, secrets []KeyValue) error {
	for _, s := range secrets {
		if !secretNames[s.Key] {
			return badRequest("Invalid value specified for property 'key' of resource 'synchronizationSecretKeyStringValuePair'.")
		}
		if s.Key == "SyncNotificationSettings" && s.Value != "" && !json.Valid([]byte(s.Value)) {
			return badRequest("The value of SyncNotificationSettings is not a JSON object.")
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	p := e.principal(tenantID, spID)
	before := secretValue(p.secrets, "CompanyId")
	next := []KeyValue{}
	if e.sw.SecretsMerge {
		next = append(next, p.secrets...)
	}
	for _, s := range secrets {
		if s.Value == "*" {
			s.Value = secretValue(p.secrets, s.Key)
		}
		next = withSecret(next, s)
	}
	p.secrets = next
	if after := secretValue(next, "CompanyId"); before != "" && before != after {
		for _, j := range p.jobs {
			j.ctl.Reset |= resetFull
		}
	}
	return nil
}

func withSecret(list []KeyValue, s KeyValue) []KeyValue {
	for i := range list {
		if list[i].Key != s.Key {
			continue
		}
		if s.Value == "" {
			return append(list[:i:i], list[i+1:]...)
		}
		list[i].Value = s.Value
		return list
	}
	if s.Value == "" {
		return list
	}
	return append(list, s)
}

// Secrets reads the secrets back.
func (e *Engine) Secrets(tenantID, spID string) []KeyValue {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := []KeyValue{}
	if p := e.principals[principalKey{tenantID, spID}]; p != nil {
		for _, s := range p.secrets {
			if e.sw.MaskAllSecrets || hiddenSecrets[s.Key] {
				s.Value = "*"
			}
			out = append(out, s)
		}
	}
	return out
}

func secretValue(secrets []KeyValue, key string) string {
	for _, s := range secrets {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}

// settings is what a cycle reads out of the secrets.
type settings struct {
	Company          string
	SyncAll          bool
	ThresholdEnabled bool
	Threshold        int
	Recipients       string
}

// DefaultDeleteThreshold is the documented value when the settings name none.
const DefaultDeleteThreshold = 500

func (sw *Switches) settings(secrets []KeyValue) settings {
	all, _ := strconv.ParseBool(strings.ToLower(secretValue(secrets, "SyncAll")))
	s := settings{Company: strings.ToLower(secretValue(secrets, "CompanyId")), SyncAll: all,
		ThresholdEnabled: sw.ThresholdWithoutSettings, Threshold: DefaultDeleteThreshold}
	raw := secretValue(secrets, "SyncNotificationSettings")
	if raw == "" {
		return s
	}
	var n struct {
		Recipients             string
		DeleteThresholdEnabled bool
		DeleteThresholdValue   *int
	}
	if json.Unmarshal([]byte(raw), &n) == nil {
		s.ThresholdEnabled, s.Recipients = n.DeleteThresholdEnabled, n.Recipients
		if n.DeleteThresholdValue != nil {
			s.Threshold = *n.DeleteThresholdValue
		}
	}
	return s
}

// Credentials is the body of validateCredentials.
type Credentials struct {
	UseSavedCredentials   bool       `json:"useSavedCredentials"`
	TemplateID            string     `json:"templateId"`
	ApplicationIdentifier string     `json:"applicationIdentifier"`
	Credentials           []KeyValue `json:"credentials"`
}

// ValidateCredentials checks both tenants' policies, as the portal's "Test connection". jobID may be empty (the
// call before a job exists). A refusal has status 400, which the pages do not tell.
func (e *Engine) ValidateCredentials(tenantID, spID, jobID string, c Credentials) error {
	e.mu.Lock()
	if jobID != "" {
		if _, err := e.find(tenantID, spID, jobID); err != nil {
			e.mu.Unlock()
			return err
		}
	}
	creds := c.Credentials
	if c.UseSavedCredentials {
		creds = nil
		if p := e.principals[principalKey{tenantID, spID}]; p != nil {
			creds = append(creds, p.secrets...)
		}
	}
	e.mu.Unlock()
	if c.TemplateID != "" && c.TemplateID != TemplateID {
		return badRequest("The template '%s' is not supported by this application.", c.TemplateID)
	}
	company := strings.ToLower(secretValue(creds, "CompanyId"))
	if company == "" || !strings.EqualFold(secretValue(creds, "AuthenticationType"), "SyncPolicy") {
		return badRequest("The credentials need CompanyId and an AuthenticationType of SyncPolicy.")
	}
	src, ok := e.cfg.Directory(tenantID)
	if !ok {
		return notFound("Resource", tenantID)
	}
	tgt, ok := e.cfg.Directory(company)
	if !ok {
		return &Error{http.StatusBadRequest, codeExternalTenant,
			"The tenant '" + company + "' is not known to the authority of the current cloud."}
	}
	if p := checkPolicy(src, tgt); p != nil {
		code := codeSyncPolicy
		if e.sw.LegacyPolicyCode {
			code = codeB2BPolicy
		}
		return &Error{http.StatusBadRequest, code, p.message}
	}
	return nil
}

// policyFailure tells which of the policies between two tenants forbids exports.
type policyFailure struct{ code, message string }

// checkPolicy reads the three policies a job depends on: automatic redemption on both sides and inbound sync.
// The log's code table has its own code for a missing redemption, so failures differ by which one is missing.
func checkPolicy(src, tgt Directory) *policyFailure {
	switch {
	case !src.OutboundConsent(tgt.TenantID()):
		return &policyFailure{codeB2BPolicy, "The source company has not enabled automatic user consent with the target company."}
	case !tgt.InboundSync(src.TenantID()):
		return &policyFailure{codeSyncPolicy, "The target company has not enabled inbound synchronization with this tenant."}
	case !tgt.InboundConsent(src.TenantID()):
		return &policyFailure{codeB2BPolicy, "Policy permitting auto-redemption of invitations not configured in the target company."}
	}
	return nil
}
