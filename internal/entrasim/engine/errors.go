package engine

import (
	"errors"
	"fmt"
	"net/http"
)

// Error is a refusal for the Graph caller: HTTP status, error code and message of the OData error body.
type Error struct {
	Status  int
	Code    string
	Message string
}

func (e *Error) Error() string { return fmt.Sprintf("%d %s: %s", e.Status, e.Code, e.Message) }

// Codes of the synchronization surface and of the provisioning log, as the pages print them.
const (
	codeBadRequest    = "Request_BadRequest"
	codeNotFound      = "Request_ResourceNotFound"
	codeConflict      = "Conflict"
	codeSchemaInvalid = "schemaInvalid"

	codeSyncPolicy        = "AzureActiveDirectoryCrossTenantSyncPolicyCheckFailure"
	codeB2BPolicy         = "AzureDirectoryB2BManagementPolicyCheckFailure"
	codeExternalTenant    = "ExternalTenantNotFound"
	codeForbidden         = "AzureActiveDirectoryForbidden"
	codeAmbiguousUser     = "InvitationCreationFailureAmbiguousUser"
	codeInvalidProperty   = "InvitationCreationFailureInvalidPropertyValue"
	codeInvitationFailure = "InvitationCreationFailure"
	codeMissingSecrets    = "CredentialsMissing"

	codeMasteredOnPremises = "AzureActiveDirectoryCannotUpdateObjectsMasteredOnPremises"
)

func badRequest(format string, args ...any) error {
	return &Error{http.StatusBadRequest, codeBadRequest, fmt.Sprintf(format, args...)}
}

func schemaInvalid(format string, args ...any) error {
	return &Error{http.StatusBadRequest, codeSchemaInvalid, fmt.Sprintf(format, args...)}
}

func notFound(what, id string) error {
	return &Error{http.StatusNotFound, codeNotFound,
		fmt.Sprintf("%s '%s' does not exist or one of its queried reference-property objects are not present.", what, id)}
}

// refusal turns whatever the target directory answered into the code and reason of a log row.
func refusal(err error) (code, reason string) {
	var d *DirectoryError
	if errors.As(err, &d) {
		return d.Code, d.Reason
	}
	return "InternalError", err.Error()
}
