package odata

// types lists the structural properties of each served entity type as name:kind; kinds are s(tring), b(ool),
// t(ime), i(nteger), o(bject), x (stream, never served inline), with * before it for a collection.
// Read off the v1.0 metadata document.
const types = `
# user
id:s deletedDateTime:t aboutMe:s accountEnabled:b ageGroup:s assignedLicenses:*o assignedPlans:*o authorizationInfo:o
birthday:t businessPhones:*s city:s companyName:s consentProvidedForMinor:s country:s createdDateTime:t creationType:s
customSecurityAttributes:o department:s deviceEnrollmentLimit:i displayName:s employeeHireDate:t employeeId:s
employeeLeaveDateTime:t employeeOrgData:o employeeType:s externalUserState:s externalUserStateChangeDateTime:t
faxNumber:s givenName:s hireDate:t identities:*o identityParentId:s imAddresses:*s interests:*s
isManagementRestricted:b isResourceAccount:b jobTitle:s lastPasswordChangeDateTime:t legalAgeGroupClassification:s
licenseAssignmentStates:*o mail:s mailboxSettings:o mailNickname:s mobilePhone:s mySite:s officeLocation:s
onPremisesDistinguishedName:s onPremisesDomainName:s onPremisesExtensionAttributes:o onPremisesImmutableId:s
onPremisesLastSyncDateTime:t onPremisesProvisioningErrors:*o onPremisesSamAccountName:s onPremisesSecurityIdentifier:s
onPremisesSyncEnabled:b onPremisesUserPrincipalName:s otherMails:*s passwordPolicies:s passwordProfile:o
pastProjects:*s postalCode:s preferredDataLocation:s preferredLanguage:s preferredName:s print:o provisionedPlans:*o
proxyAddresses:*s responsibilities:*s schools:*s securityIdentifier:s serviceProvisioningErrors:*o showInAddressList:b
signInActivity:o signInSessionsValidFromDateTime:t skills:*s state:s streetAddress:s surname:s usageLocation:s
userPrincipalName:s userType:s
# group
id:s deletedDateTime:t accessType:o allowExternalSenders:b assignedLabels:*o assignedLicenses:*o
autoSubscribeNewMembers:b classification:s createdDateTime:t description:s displayName:s expirationDateTime:t
groupTypes:*s hasMembersWithLicenseErrors:b hideFromAddressLists:b hideFromOutlookClients:b infoCatalogs:*s
isArchived:b isAssignableToRole:b isFavorite:b isManagementRestricted:b isSubscribedByMail:b licenseProcessingState:o
mail:s mailEnabled:b mailNickname:s membershipRule:s membershipRuleProcessingState:s onPremisesDomainName:s
onPremisesExtensionAttributes:o onPremisesLastSyncDateTime:t onPremisesNetBiosName:s onPremisesProvisioningErrors:*o
onPremisesSamAccountName:s onPremisesSecurityIdentifier:s onPremisesSyncEnabled:b organizationId:s
preferredDataLocation:s preferredLanguage:s proxyAddresses:*s renewedDateTime:t resourceBehaviorOptions:*s
resourceProvisioningOptions:*s securityEnabled:b securityIdentifier:s serviceProvisioningErrors:*o theme:s
uniqueName:s unseenConversationsCount:i unseenCount:i unseenMessagesCount:i visibility:s welcomeMessageEnabled:b
# application
id:s deletedDateTime:t addIns:*o api:o appId:s applicationTemplateId:s appRoles:*o authenticationBehaviors:o
certification:o createdByAppId:s createdDateTime:t defaultRedirectUri:s description:s disabledByMicrosoftStatus:s
displayName:s groupMembershipClaims:s identifierUris:*s info:o isDeviceOnlyAuthSupported:b isDisabled:b
isFallbackPublicClient:b keyCredentials:*o logo:x managerApplications:*s nativeAuthenticationApisEnabled:o notes:s
oauth2RequirePostResponse:b optionalClaims:o parentalControlSettings:o passwordCredentials:*o publicClient:o
publisherDomain:s requestSignatureVerification:o requiredResourceAccess:*o samlMetadataUrl:s
serviceManagementReference:s servicePrincipalLockConfiguration:o signInAudience:s spa:o tags:*s tokenEncryptionKeyId:s
uniqueName:s verifiedPublisher:o web:o
# servicePrincipal
id:s deletedDateTime:t accountEnabled:b addIns:*o alternativeNames:*s appDescription:s appDisplayName:s appId:s
applicationTemplateId:s appOwnerOrganizationId:s appRoleAssignmentRequired:b appRoles:*o createdByAppId:s
customSecurityAttributes:o description:s disabledByMicrosoftStatus:s displayName:s homepage:s info:o isDisabled:b
keyCredentials:*o loginUrl:s logoutUrl:s notes:s notificationEmailAddresses:*s oauth2PermissionScopes:*o
passwordCredentials:*o preferredSingleSignOnMode:s preferredTokenSigningKeyThumbprint:s replyUrls:*s
resourceSpecificApplicationPermissions:*o samlSingleSignOnSettings:o servicePrincipalNames:*s servicePrincipalType:s
signInAudience:s tags:*s tokenEncryptionKeyId:s verifiedPublisher:o
# appRoleAssignment
id:s deletedDateTime:t appRoleId:s createdDateTime:t principalDisplayName:s principalId:s principalType:s
resourceDisplayName:s resourceId:s
# organization
id:s deletedDateTime:t assignedPlans:*o businessPhones:*s city:s country:s countryLetterCode:s createdDateTime:t
defaultUsageLocation:s displayName:s marketingNotificationEmails:*s mobileDeviceManagementAuthority:o
onPremisesLastSyncDateTime:t onPremisesSyncEnabled:b partnerTenantType:o postalCode:s preferredLanguage:s
privacyProfile:o provisionedPlans:*o securityComplianceNotificationMails:*s securityComplianceNotificationPhones:*s
state:s street:s technicalNotificationMails:*s tenantType:s verifiedDomains:*o
# domain
id:s authenticationType:s availabilityStatus:s isAdminManaged:b isDefault:b isInitial:b isRoot:b isVerified:b
manufacturer:s model:s passwordNotificationWindowInDays:i passwordValidityPeriodInDays:i state:o supportedServices:*s
# invitation
id:s invitedUserDisplayName:s invitedUserEmailAddress:s invitedUserMessageInfo:o invitedUserType:s inviteRedeemUrl:s
inviteRedirectUrl:s resetRedemption:b sendInvitationMessage:b status:s
# directoryRole
id:s deletedDateTime:t description:s displayName:s roleTemplateId:s
# crossTenantAccessPolicy
id:s deletedDateTime:t description:s displayName:s allowedCloudEndpoints:*s
# crossTenantAccessPolicyConfigurationPartner
appServiceConnectInbound:o automaticUserConsentSettings:o b2bCollaborationInbound:o b2bCollaborationOutbound:o
b2bDirectConnectInbound:o b2bDirectConnectOutbound:o inboundTrust:o isInMultiTenantOrganization:b isServiceProvider:b
m365CollaborationInbound:o m365CollaborationOutbound:o tenantId:s tenantRestrictions:o
# crossTenantAccessPolicyConfigurationDefault
id:s appServiceConnectInbound:o automaticUserConsentSettings:o b2bCollaborationInbound:o b2bCollaborationOutbound:o
b2bDirectConnectInbound:o b2bDirectConnectOutbound:o inboundTrust:o
invitationRedemptionIdentityProviderConfiguration:o isServiceDefault:b m365CollaborationInbound:o
m365CollaborationOutbound:o tenantRestrictions:o
# multiTenantOrganizationPartnerConfigurationTemplate
id:s automaticUserConsentSettings:o b2bCollaborationInbound:o b2bCollaborationOutbound:o b2bDirectConnectInbound:o
b2bDirectConnectOutbound:o inboundTrust:o templateApplicationLevel:o
# multiTenantOrganizationIdentitySyncPolicyTemplate
id:s templateApplicationLevel:o userSyncInbound:o
# crossTenantIdentitySyncPolicyPartner
displayName:s tenantId:s userSyncInbound:o
# multiTenantOrganization
id:s createdDateTime:t description:s displayName:s state:o
# multiTenantOrganizationMember
id:s deletedDateTime:t addedByTenantId:s addedDateTime:t displayName:s joinedDateTime:t role:o state:o tenantId:s
transitionDetails:o
# multiTenantOrganizationJoinRequestRecord
id:s addedByTenantId:s memberState:o role:o transitionDetails:o
# authorizationPolicy
id:s deletedDateTime:t description:s displayName:s allowedToSignUpEmailBasedSubscriptions:b allowedToUseSSPR:b
allowEmailVerifiedUsersToJoinOrganization:b allowInvitesFrom:o allowUserConsentForRiskyApps:b blockMsolPowerShell:b
defaultUserRolePermissions:o guestUserRoleId:s
# subscribedSku
id:s accountId:s accountName:s appliesTo:s capabilityStatus:s consumedUnits:i prepaidUnits:o servicePlans:*o skuId:s
skuPartNumber:s subscriptionIds:*s
# applicationTemplate
id:s categories:*s deprecationDate:t description:s displayName:s endpoints:*s homePageUrl:s isEntraIntegrated:b
lastModifiedDateTime:t logoUrl:s publisher:s riskFactors:o riskScore:o supportedProvisioningTypes:*s
supportedSingleSignOnModes:*s
# device
id:s deletedDateTime:t accountEnabled:b alternativeSecurityIds:*o approximateLastSignInDateTime:t
complianceExpirationDateTime:t deviceCategory:s deviceId:s deviceMetadata:s deviceOwnership:s deviceVersion:i
displayName:s enrollmentProfileName:s enrollmentType:s isCompliant:b isManaged:b isManagementRestricted:b isRooted:b
managementType:s manufacturer:s mdmAppId:s model:s onPremisesLastSyncDateTime:t onPremisesSecurityIdentifier:s
onPremisesSyncEnabled:b operatingSystem:s operatingSystemVersion:s physicalIds:*s profileType:s registrationDateTime:t
systemLabels:*s trustType:s
# orgContact
id:s deletedDateTime:t addresses:*o companyName:s department:s displayName:s givenName:s jobTitle:s mail:s
mailNickname:s onPremisesLastSyncDateTime:t onPremisesProvisioningErrors:*o onPremisesSyncEnabled:b phones:*o
proxyAddresses:*s serviceProvisioningErrors:*o surname:s
# directoryAudit
id:s activityDateTime:t activityDisplayName:s additionalDetails:*o category:s correlationId:s initiatedBy:o
loggedByService:s operationType:s result:o resultReason:s targetResources:*o
# provisioningObjectSummary
id:s activityDateTime:t changeId:s cycleId:s durationInMilliseconds:i initiatedBy:o jobId:s modifiedProperties:*o
provisioningAction:o provisioningStatusInfo:o provisioningSteps:*o servicePrincipal:o sourceIdentity:o sourceSystem:o
targetIdentity:o targetSystem:o tenantId:s
# signIn
id:s appDisplayName:s appId:s appliedConditionalAccessPolicies:*o authenticationAppDeviceDetails:o clientAppUsed:s
conditionalAccessStatus:o correlationId:s createdDateTime:t deviceDetail:o homeTenantId:s ipAddress:s isInteractive:b
location:o resourceDisplayName:s resourceId:s resourceTenantId:s riskDetail:o riskEventTypes:*o riskEventTypes_v2:*s
riskLevelAggregated:o riskLevelDuringSignIn:o riskState:o servicePrincipalId:s servicePrincipalName:s status:o
userAgent:s userDisplayName:s userId:s userPrincipalName:s
# conditionalAccessPolicy
id:s conditions:o createdDateTime:t description:s displayName:s grantControls:o modifiedDateTime:t sessionControls:o state:o
# accessReviewScheduleDefinition
id:s additionalNotificationRecipients:*o createdBy:o createdDateTime:t descriptionForAdmins:s descriptionForReviewers:s
displayName:s fallbackReviewers:*o instanceEnumerationScope:o lastModifiedDateTime:t reviewers:*o scope:o settings:o
stageSettings:*o status:s
# connectedOrganization
id:s createdDateTime:t description:s displayName:s identitySources:*o modifiedDateTime:t state:o
# accessPackageCatalog
id:s catalogType:o createdDateTime:t description:s displayName:s isExternallyVisible:b modifiedDateTime:t state:o
# accessPackageResourceRequest
id:s createdDateTime:t requestType:o state:o
# accessPackage
id:s createdDateTime:t description:s displayName:s isHidden:b modifiedDateTime:t
# accessPackageAssignmentPolicy
id:s allowedTargetScope:o automaticRequestSettings:o createdDateTime:t description:s displayName:s expiration:o
modifiedDateTime:t notificationSettings:o requestApprovalSettings:o requestorSettings:o reviewSettings:o
specificAllowedTargets:*o
# accessPackageAssignmentRequest
id:s answers:*o completedDateTime:t createdDateTime:t justification:s requestType:o schedule:o state:o status:s
# entitlementManagementSettings
id:s durationUntilExternalUserDeletedAfterBlocked:s externalUserLifecycleAction:o
# unifiedRoleDefinition
id:s description:s displayName:s isBuiltIn:b isEnabled:b resourceScopes:*s rolePermissions:*o templateId:s version:s
# unifiedRoleAssignment
id:s appScopeId:s condition:s directoryScopeId:s principalId:s principalOrganizationId:s roleDefinitionId:s
# oAuth2PermissionGrant
id:s clientId:s consentType:s principalId:s resourceId:s scope:s
`
