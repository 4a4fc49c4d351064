package graph

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	ours "entente.dev/entente/internal/directory"
)

const (
	idA = "aaaaaaaa-0000-0000-0000-000000000001"
	idB = "bbbbbbbb-0000-0000-0000-000000000002"
	idC = "cccccccc-0000-0000-0000-000000000003"
)

// TestWire pins what each write and each filtered read puts on the wire: method, path, query and body.
func TestWire(t *testing.T) {
	t.Parallel()
	const sync = "/v1.0/servicePrincipals/" + idA + "/synchronization"
	const partner = "/v1.0/policies/crossTenantAccessPolicy/partners/" + idB
	yes, no, guest := true, false, ours.Guest
	for _, tc := range []struct {
		name               string
		call               func(ctx context.Context, c *Client) error
		method, path, body string
		query              url.Values
		answer             string
	}{
		{"create partner", func(ctx context.Context, c *Client) error {
			return c.CreatePartner(ctx, idB, PartnerPatch{InboundConsent: &yes})
		}, "POST", "/v1.0/policies/crossTenantAccessPolicy/partners", `{"tenantId":"` + idB + `","automaticUserConsentSettings":{"inboundAllowed":true}}`, nil, `{}`},
		{"patch partner", func(ctx context.Context, c *Client) error {
			return c.PatchPartner(ctx, idB, PartnerPatch{OutboundConsent: &no})
		}, "PATCH", partner, `{"automaticUserConsentSettings":{"outboundAllowed":false}}`, nil, ""},
		{"delete partner", func(ctx context.Context, c *Client) error { return c.DeletePartner(ctx, idB) }, "DELETE", partner, "", nil, ""},
		{"create sync", func(ctx context.Context, c *Client) error { return c.CreateIdentitySync(ctx, idB, true) },
			"PUT", partner + "/identitySynchronization", `{"userSyncInbound":{"isSyncAllowed":true}}`, nil, ""},
		{"patch sync", func(ctx context.Context, c *Client) error { return c.PatchIdentitySync(ctx, idB, false) },
			"PATCH", partner + "/identitySynchronization", `{"userSyncInbound":{"isSyncAllowed":false}}`, nil, ""},
		{"delete sync", func(ctx context.Context, c *Client) error { return c.DeleteIdentitySync(ctx, idB) }, "DELETE", partner + "/identitySynchronization", "", nil, ""},
		{"instantiate", func(ctx context.Context, c *Client) error { _, err := c.InstantiateSyncApp(ctx, "x"); return err },
			"POST", "/v1.0/applicationTemplates/" + SyncTemplateID + "/instantiate", `{"displayName":"x"}`, nil, `{"application":{"id":"1"},"servicePrincipal":{"id":"2"}}`},
		{"validate", func(ctx context.Context, c *Client) error { return c.ValidateCredentials(ctx, idA, idB) },
			"POST", sync + "/jobs/validateCredentials", `{"credentials":[{"key":"CompanyId","value":"` + idB + `"},{"key":"AuthenticationType","value":"SyncPolicy"}],"templateId":"Azure2Azure","useSavedCredentials":false}`, nil, ""},
		{"create job", func(ctx context.Context, c *Client) error { _, err := c.CreateJob(ctx, idA); return err },
			"POST", sync + "/jobs", `{"templateId":"Azure2Azure"}`, nil, `{"id":"j"}`},
		{"start", func(ctx context.Context, c *Client) error { return c.StartJob(ctx, idA, "Azure2Azure.x.y") }, "POST", sync + "/jobs/Azure2Azure.x.y/start", "", nil, ""},
		{"pause", func(ctx context.Context, c *Client) error { return c.PauseJob(ctx, idA, "j") }, "POST", sync + "/jobs/j/pause", "", nil, ""},
		{"restart", func(ctx context.Context, c *Client) error { return c.RestartJob(ctx, idA, "j", ResetForceDeletes) },
			"POST", sync + "/jobs/j/restart", `{"criteria":{"resetScope":"ForceDeletes"}}`, nil, ""},
		{"delete job", func(ctx context.Context, c *Client) error { return c.DeleteJob(ctx, idA, "j") }, "DELETE", sync + "/jobs/j", "", nil, ""},
		{"put secrets", func(ctx context.Context, c *Client) error {
			return c.PutSecrets(ctx, idA, SyncSecrets{TargetTenantID: idB, DeleteLimit: 50, NotifyEmail: "ops@a.example"})
		}, "PUT", sync + "/secrets", `{"value":[{"key":"AuthenticationType","value":"SyncPolicy"},{"key":"CompanyId","value":"` + idB + `"},` +
			`{"key":"SyncNotificationSettings","value":"{\"Enabled\":true,\"Recipients\":\"ops@a.example\",\"DeleteThresholdEnabled\":true,\"DeleteThresholdValue\":50,\"HumanResourcesLookaheadQueryEnabled\":false}"},` +
			`{"key":"SyncAll","value":"false"}]}`, nil, ""},
		{"put schema", func(ctx context.Context, c *Client) error { return c.PutSchema(ctx, idA, "j", []byte(`{"z":1,"a":2}`)) },
			"PUT", sync + "/jobs/j/schema", `{"z":1,"a":2}`, nil, ""},
		{"create group", func(ctx context.Context, c *Client) error {
			_, err := c.CreateGroup(ctx, NewGroup{"N", "n", "d"})
			return err
		}, "POST", "/v1.0/groups", `{"description":"d","displayName":"N","mailEnabled":false,"mailNickname":"n","securityEnabled":true}`, nil, `{"id":"g"}`},
		{"delete group", func(ctx context.Context, c *Client) error { return c.DeleteGroup(ctx, idA) }, "DELETE", "/v1.0/groups/" + idA, "", nil, ""},
		{"assign", func(ctx context.Context, c *Client) error { return c.AssignGroup(ctx, idA, idB, idC) },
			"POST", "/v1.0/servicePrincipals/" + idA + "/appRoleAssignedTo", `{"appRoleId":"` + idB + `","principalId":"` + idC + `","resourceId":"` + idA + `"}`, nil, `{}`},
		{"update user", func(ctx context.Context, c *Client) error {
			return c.UpdateUser(ctx, idA, UserPatch{UserType: &guest, ShowInAddressList: &no})
		}, "PATCH", "/v1.0/users/" + idA, `{"showInAddressList":false,"userType":"Guest"}`, nil, ""},
		{"delete user", func(ctx context.Context, c *Client) error { return c.DeleteUser(ctx, idA) }, "DELETE", "/v1.0/users/" + idA, "", nil, ""},
		{"restore user", func(ctx context.Context, c *Client) error { return c.RestoreUser(ctx, idA) }, "POST", "/v1.0/directory/deletedItems/" + idA + "/restore", "", nil, `{"id":"` + idA + `"}`},
		{"delete application", func(ctx context.Context, c *Client) error { return c.DeleteApplication(ctx, idA) }, "DELETE", "/v1.0/applications/" + idA, "", nil, ""},
		{"delete principal", func(ctx context.Context, c *Client) error { return c.DeleteServicePrincipal(ctx, idA) }, "DELETE", "/v1.0/servicePrincipals/" + idA, "", nil, ""},
		{"groups by name", func(ctx context.Context, c *Client) error { _, err := c.GroupsByName(ctx, "O'Neil & co"); return err },
			"GET", "/v1.0/groups", "", url.Values{"$filter": {"displayName eq 'O''Neil & co'"}, "$select": {strings.Join(groupSelect, ",")}, "$top": {"999"}}, `{"value":[]}`},
		{"contact addresses", func(ctx context.Context, c *Client) error {
			return c.ContactAddresses(ctx, func(Addressed) error { return nil })
		}, "GET", "/v1.0/contacts", "", url.Values{"$select": {"id,mail,proxyAddresses"}, "$top": {"999"}}, `{"value":[]}`},
		{"group addresses", func(ctx context.Context, c *Client) error {
			return c.GroupAddresses(ctx, func(Addressed) error { return nil })
		}, "GET", "/v1.0/groups", "", url.Values{"$select": {"id,mail,proxyAddresses"}, "$top": {"999"}}, `{"value":[]}`},
		{"authorization", func(ctx context.Context, c *Client) error { _, err := c.Authorization(ctx); return err },
			"GET", "/v1.0/policies/authorizationPolicy", "", url.Values{"$select": {"guestUserRoleId,allowInvitesFrom"}}, `{"guestUserRoleId":"r","allowInvitesFrom":"none"}`},
		{"partners", func(ctx context.Context, c *Client) error { _, err := c.Partners(ctx); return err },
			"GET", "/v1.0/policies/crossTenantAccessPolicy/partners", "", url.Values{"$expand": {"identitySynchronization"}}, `{"value":[]}`},
		{"users delta", func(ctx context.Context, c *Client) error {
			_, err := c.UsersDelta(ctx, "", func(UserChange) error { return nil })
			return err
		}, "GET", "/v1.0/users/delta()", "", url.Values{"$select": {strings.Join(userSelect, ",")}}, `{"value":[],"@odata.deltaLink":"{base}/v1.0/users/delta?$deltatoken=1"}`},
		{"members", func(ctx context.Context, c *Client) error { _, err := c.GroupMembers(ctx, idA); return err },
			"GET", "/v1.0/groups/" + idA + "/members", "", url.Values{"$select": {"id"}, "$top": {"999"}}, `{"value":[]}`},
		{"deleted users", func(ctx context.Context, c *Client) error {
			return c.DeletedUsers(ctx, func(ours.User) error { return nil })
		},
			"GET", "/v1.0/directory/deletedItems/microsoft.graph.user", "", url.Values{"$select": {"deletedDateTime," + strings.Join(userSelect, ",")}, "$top": {"999"}}, `{"value":[]}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var f *fake
			f = newFake(t, func(w http.ResponseWriter, _ *http.Request, _ seen) {
				if tc.answer == "" {
					w.WriteHeader(http.StatusNoContent)
					return
				}
				answer(w, 200, strings.ReplaceAll(tc.answer, "{base}", f.srv.URL))
			})
			if err := tc.call(t.Context(), f.client()); err != nil {
				t.Fatal(err)
			}
			calls := f.seenCalls()
			if len(calls) != 1 {
				t.Fatalf("%d calls, want 1", len(calls))
			}
			got, query := calls[0], url.Values{}
			if calls[0].Query != "" {
				var err error
				if query, err = url.ParseQuery(got.Query); err != nil {
					t.Fatal(err)
				}
			}
			if tc.query == nil {
				tc.query = url.Values{}
			}
			if diff := cmp.Diff(tc.query, query); diff != "" {
				t.Errorf("query (-want +got):\n%s", diff)
			}
			if got.Method != tc.method || got.Path != tc.path {
				t.Errorf("got %s %s, want %s %s", got.Method, got.Path, tc.method, tc.path)
			}
			if diff := cmp.Diff(parsed(t, tc.body), parsed(t, got.Body)); diff != "" {
				t.Errorf("body (-want +got):\n%s", diff)
			}
			if got.Header.Get("Content-Encoding") != "" || got.Header.Get("Accept-Encoding") != "" {
				t.Errorf("compression is on: %v", got.Header)
			}
			if got.Header.Get("Authorization") != "Bearer token-1" || got.Header.Get("User-Agent") != "entente" {
				t.Errorf("headers %v", got.Header)
			}
		})
	}
}

// parsed reads a body without the type names that the SDK adds to some objects; "" is nil. Member order is
// the SDK's and random.
func parsed(t *testing.T, body string) any {
	t.Helper()
	if body == "" {
		return nil
	}
	var value any
	if err := json.Unmarshal([]byte(body), &value); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	if object, ok := value.(map[string]any); ok {
		delete(object, "@odata.type")
	}
	return value
}
