// Package graph is Microsoft Graph for our purposes: the calls of cross-tenant synchronization in one tenant,
// with one client for each tenant, over msgraph-sdk-go. It is the only package that imports the SDK.
//
// It knows neither Temporal nor the store nor shares and approvals. It refuses to retry (retries have one
// owner), to follow an address that is not the configured Graph, and to let a person's name into an error.
//
// The SDK's builders make every request; the answers are decoded here, selected fields only, because the
// SDK drops enum values it does not know without a word and its models cost 14 times as much on a page of
// users. Exceptions to the builders:
//
//	call                                              why it is raw
//	PATCH partners/{id}/identitySynchronization       the SDK has Get, Put and Delete only
//	GET   synchronization/secrets                     the SDK has Put only (documented for beta, answers on v1.0)
//	PUT   synchronization/jobs/{id}/schema            the SDK has PATCH, which is neither documented nor permitted
//	POST  synchronization/jobs/{id}/restart           the SDK's flags differ from the service's numbers
//	POST  $batch                                      the SDK's batch cuts at 19 and judges the whole, not each item
//	GET   directory/deletedItems/microsoft.graph.user the SDK spells the cast graph.user, which is not documented
//	GET   next and delta links                        they are the service's own addresses, checked before use
//
// Files: client.go set-up; pipeline.go the one chain of every request; credential.go and signin.go tokens;
// errors.go, scrub.go, transport.go and network.go the classifier; call.go and paging.go how a call is made;
// operations.go the table of operations with permission and cost; links.go addresses and quoting; recorder.go request ids; users.go,
// delta.go, groups.go, addresses.go, batch.go, partners.go, apps.go, jobs.go, secrets.go, schema.go, provisioning.go the calls.
package graph
