package sdkmodels

import (
	"github.com/microsoft/kiota-abstractions-go/serialization"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
)

// factories makes models by the name of their type in the schema; descendants follow from @odata.type.
var factories = map[string]serialization.ParsableFactory{
	"application":                             models.CreateApplicationFromDiscriminatorValue,
	"applicationServicePrincipal":             models.CreateApplicationServicePrincipalFromDiscriminatorValue,
	"applicationTemplate":                     models.CreateApplicationTemplateFromDiscriminatorValue,
	"appRoleAssignment":                       models.CreateAppRoleAssignmentFromDiscriminatorValue,
	"attributeMappingFunctionSchema":          models.CreateAttributeMappingFunctionSchemaFromDiscriminatorValue,
	"authorizationPolicy":                     models.CreateAuthorizationPolicyFromDiscriminatorValue,
	"crossTenantAccessPolicy":                 models.CreateCrossTenantAccessPolicyFromDiscriminatorValue,
	"crossTenantIdentitySyncPolicyPartner":    models.CreateCrossTenantIdentitySyncPolicyPartnerFromDiscriminatorValue,
	"directoryAudit":                          models.CreateDirectoryAuditFromDiscriminatorValue,
	"directoryDefinition":                     models.CreateDirectoryDefinitionFromDiscriminatorValue,
	"directoryObject":                         models.CreateDirectoryObjectFromDiscriminatorValue,
	"directoryRole":                           models.CreateDirectoryRoleFromDiscriminatorValue,
	"domain":                                  models.CreateDomainFromDiscriminatorValue,
	"filterOperatorSchema":                    models.CreateFilterOperatorSchemaFromDiscriminatorValue,
	"group":                                   models.CreateGroupFromDiscriminatorValue,
	"invitation":                              models.CreateInvitationFromDiscriminatorValue,
	"multiTenantOrganization":                 models.CreateMultiTenantOrganizationFromDiscriminatorValue,
	"multiTenantOrganizationMember":           models.CreateMultiTenantOrganizationMemberFromDiscriminatorValue,
	"orgContact":                              models.CreateOrgContactFromDiscriminatorValue,
	"organization":                            models.CreateOrganizationFromDiscriminatorValue,
	"parseExpressionResponse":                 models.CreateParseExpressionResponseFromDiscriminatorValue,
	"passwordCredential":                      models.CreatePasswordCredentialFromDiscriminatorValue,
	"provisioningObjectSummary":               models.CreateProvisioningObjectSummaryFromDiscriminatorValue,
	"servicePrincipal":                        models.CreateServicePrincipalFromDiscriminatorValue,
	"signIn":                                  models.CreateSignInFromDiscriminatorValue,
	"stringKeyStringValuePair":                models.CreateStringKeyStringValuePairFromDiscriminatorValue,
	"subscribedSku":                           models.CreateSubscribedSkuFromDiscriminatorValue,
	"synchronizationJob":                      models.CreateSynchronizationJobFromDiscriminatorValue,
	"synchronizationSchema":                   models.CreateSynchronizationSchemaFromDiscriminatorValue,
	"synchronizationSecretKeyStringValuePair": models.CreateSynchronizationSecretKeyStringValuePairFromDiscriminatorValue,
	"synchronizationTemplate":                 models.CreateSynchronizationTemplateFromDiscriminatorValue,
	"tenantInformation":                       models.CreateTenantInformationFromDiscriminatorValue,
	"user":                                    models.CreateUserFromDiscriminatorValue,

	"crossTenantAccessPolicyConfigurationDefault":         models.CreateCrossTenantAccessPolicyConfigurationDefaultFromDiscriminatorValue,
	"crossTenantAccessPolicyConfigurationPartner":         models.CreateCrossTenantAccessPolicyConfigurationPartnerFromDiscriminatorValue,
	"multiTenantOrganizationJoinRequestRecord":            models.CreateMultiTenantOrganizationJoinRequestRecordFromDiscriminatorValue,
	"multiTenantOrganizationIdentitySyncPolicyTemplate":   models.CreateMultiTenantOrganizationIdentitySyncPolicyTemplateFromDiscriminatorValue,
	"multiTenantOrganizationPartnerConfigurationTemplate": models.CreateMultiTenantOrganizationPartnerConfigurationTemplateFromDiscriminatorValue,

	"accessPackage":                  models.CreateAccessPackageFromDiscriminatorValue,
	"accessPackageAssignmentPolicy":  models.CreateAccessPackageAssignmentPolicyFromDiscriminatorValue,
	"accessPackageAssignmentRequest": models.CreateAccessPackageAssignmentRequestFromDiscriminatorValue,
	"accessPackageCatalog":           models.CreateAccessPackageCatalogFromDiscriminatorValue,
	"accessPackageResourceRequest":   models.CreateAccessPackageResourceRequestFromDiscriminatorValue,
	"accessReviewInstance":           models.CreateAccessReviewInstanceFromDiscriminatorValue,
	"accessReviewScheduleDefinition": models.CreateAccessReviewScheduleDefinitionFromDiscriminatorValue,
	"actionResultPart":               models.CreateActionResultPartFromDiscriminatorValue,
	"conditionalAccessPolicy":        models.CreateConditionalAccessPolicyFromDiscriminatorValue,
	"connectedOrganization":          models.CreateConnectedOrganizationFromDiscriminatorValue,
	"conversationMember":             models.CreateConversationMemberFromDiscriminatorValue,
	"entitlementManagementSettings":  models.CreateEntitlementManagementSettingsFromDiscriminatorValue,
}
