// What a program does that somebody wrote for Microsoft Graph: only the address and the CA are the simulator's.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ClientCertificateCredential, ClientSecretCredential, DeviceCodeCredential } from "@azure/identity";
import { BatchRequestContent, BatchResponseContent, Client, GraphError, PageIterator } from "@microsoft/microsoft-graph-client";
import { TokenCredentialAuthenticationProvider } from "@microsoft/microsoft-graph-client/authProviders/azureTokenCredentials/index.js";
import { crowd, daemon, device, person, tenants } from "./world.mjs";

const base = process.env.SIM_BASE, admin = process.env.SIM_ADMIN;
const options = { authorityHost: base, disableInstanceDiscovery: true };
const scopes = ["https://graph.microsoft.com/.default"];

function clientOf(credential, version = "v1.0", wanted = scopes) {
  const authProvider = new TokenCredentialAuthenticationProvider(credential, { scopes: wanted });
  return Client.initWithMiddleware({ authProvider, baseUrl: base, defaultVersion: version, customHosts: new Set([new URL(base).hostname]) });
}

const secretOf = (name) => new ClientSecretCredential(tenants[name].id, daemon.id, daemon.secret, options);
const a = clientOf(secretOf("a")), b = clientOf(secretOf("b"));

async function fault(rule) {
  const answer = await fetch(`${admin}/faults`, { method: "POST", body: JSON.stringify(rule) });
  assert.equal(answer.status, 200);
  return (await answer.json()).id;
}

const fired = async (id) => (await (await fetch(`${admin}/faults`)).json()).find((r) => r.id === id).fired;

const newUser = (alias) => ({
  accountEnabled: true, displayName: alias, mailNickname: alias, userPrincipalName: `${alias}@a.example`,
  passwordProfile: { password: "Not-a-secret-1", forceChangePasswordNextSignIn: true },
});

test("a client secret signs in, and a wrong one is refused with its number", async () => {
  const annie = await a.api(`/users/${person.upn}`).get();
  assert.equal(annie.displayName, "Annie Andersson");
  const wrong = new ClientSecretCredential(tenants.a.id, daemon.id, "wrong", options);
  await assert.rejects(wrong.getToken(scopes), /AADSTS7000215/);
});

test("a certificate signs in", async () => {
  const credential = new ClientCertificateCredential(tenants.a.domain, daemon.id, process.env.SIM_CERTIFICATE, { ...options, sendCertificateChain: true });
  const list = await clientOf(credential).api("/users").select(["id", "userPrincipalName"]).top(3).get();
  assert.equal(list.value.length, 3);
  assert.deepEqual(Object.keys(list.value[0]).sort(), ["id", "userPrincipalName"]);
});

test("a person signs in with a device code", async () => {
  const credential = new DeviceCodeCredential({
    ...options, tenantId: tenants.a.id, clientId: device.id,
    userPromptCallback: async (info) => {
      const form = new URLSearchParams({ otc: info.userCode, login: person.upn, passwd: person.password });
      const page = await fetch(info.verificationUri, { method: "POST", body: form });
      assert.equal(page.status, 200);
    },
  });
  const me = await clientOf(credential, "v1.0", ["User.Read"]).api("/me").get();
  assert.equal(me.userPrincipalName, person.upn);
});

test("the page iterator walks five thousand users once", async () => {
  const seen = new Set();
  const first = await a.api("/users").select("id,displayName").top(999).get();
  const iterator = new PageIterator(a, first, (user) => { seen.add(user.id); return true; });
  await iterator.iterate();
  assert.ok(iterator.isComplete());
  assert.equal(seen.size, crowd + 1);
});

test("counts and advanced filters with the header", async () => {
  const page = await a.api("/users").header("ConsistencyLevel", "eventual").count(true).filter("startsWith(displayName,'Annie') and userType ne 'Guest'").get();
  assert.equal(page["@odata.count"], 1);
  assert.equal(await a.api("/users/$count").header("ConsistencyLevel", "eventual").get().then(Number), crowd + 1);
});

async function round(link) {
  const first = await a.api(link).get();
  const items = [];
  const iterator = new PageIterator(a, first, (item) => { items.push(item); return true; });
  await iterator.iterate();
  return { items, link: iterator.getDeltaLink() };
}

test("a delta round trip", async () => {
  const start = await round("/users/delta?$select=displayName,department");
  assert.ok(start.items.length >= crowd + 1);
  const made = await a.api("/users").post(newUser("delta"));
  await a.api(`/users/${person.upn}`).patch({ department: "Law" });
  const next = await round(start.link);
  assert.deepEqual(next.items.map((x) => x.id).sort(), [made.id, (await a.api(`/users/${person.upn}`).get()).id].sort());
  await a.api(`/users/${made.id}`).delete();
  const last = await round(next.link);
  assert.deepEqual(last.items, [{ id: made.id, "@removed": { reason: "changed" } }]);
});

test("a group with forty members, twenty in a batch", async () => {
  const group = await a.api("/groups").post({ displayName: "Forty", mailEnabled: false, mailNickname: "forty", securityEnabled: true });
  const users = (await a.api("/users").select("id").top(40).get()).value;
  for (const part of [users.slice(0, 20), users.slice(20)]) {
    const content = new BatchRequestContent(part.map((user, i) => ({
      id: String(i + 1),
      request: new Request(`${base}/groups/${group.id}/members/$ref`, { // without version, as in the client's own samples
        method: "POST", headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ "@odata.id": `https://graph.microsoft.com/v1.0/directoryObjects/${user.id}` }),
      }),
    })));
    const answers = new BatchResponseContent(await a.api("/$batch").post(await content.getContent()));
    for (const [, answer] of answers.getResponses()) assert.equal(answer.status, 204);
  }
  const members = await a.api(`/groups/${group.id}/members`).select("id").top(999).get();
  assert.equal(members.value.length, 40);
  assert.equal(members.value[0]["@odata.type"], "#microsoft.graph.user");
});

test("a batch with one throttled item", async () => {
  const id = await fault({ match: { route: "/groups", method: "GET" }, effect: { kind: "status", status: 429, retryAfter: "3" }, max: 1 });
  const answers = new BatchResponseContent(await a.api("/$batch").post({
    requests: [{ id: "1", method: "GET", url: "/groups?$top=1" }, { id: "2", method: "GET", url: `/users/${person.upn}` }],
  }));
  assert.equal(answers.getResponseById("1").status, 429);
  assert.equal(answers.getResponseById("1").headers.get("Retry-After"), "3");
  assert.equal((await answers.getResponseById("2").json()).userPrincipalName, person.upn);
  assert.equal(await fired(id), 1);
});

test("the retry handler survives 429 and 503", async () => {
  const busy = await fault({ match: { route: "/groups", method: "GET" }, effect: { kind: "status", status: 429, retryAfter: "1" }, max: 2 });
  const down = await fault({ match: { route: "/domains", method: "GET" }, effect: { kind: "status", status: 503 }, max: 1 });
  assert.ok((await a.api("/groups").get()).value.length >= 1);
  assert.equal(await fired(busy), 2);
  await a.api("/domains").get().catch((error) => assert.equal(error.statusCode, 403)); // no permission for domains, which comes after the fault
  assert.equal(await fired(down), 1);
});

test("reports are metered, and the retry handler waits", async () => {
  for (let i = 0; i < 6; i++) assert.ok(Array.isArray((await a.api("/auditLogs/directoryAudits").top(1).get()).value));
});

test("an invitation", async () => {
  const made = await a.api("/invitations").post({ invitedUserEmailAddress: "guest@elsewhere.example", inviteRedirectUrl: "https://x.example", sendInvitationMessage: false });
  assert.equal(made.status, "PendingAcceptance");
  const guest = await a.api(`/users/${made.invitedUser.id}`).select("userType,externalUserState,creationType").get();
  assert.deepEqual([guest.userType, guest.externalUserState, guest.creationType], ["Guest", "PendingAcceptance", "Invitation"]);
});

test("partner policies: create, change, expand", async () => {
  const partners = "/policies/crossTenantAccessPolicy/partners";
  await b.api(partners).post({ tenantId: tenants.a.id, automaticUserConsentSettings: { inboundAllowed: true } });
  await b.api(`${partners}/${tenants.a.id}/identitySynchronization`).put({ userSyncInbound: { isSyncAllowed: true } });
  const made = await a.api(partners).post({ tenantId: tenants.b.id });
  assert.equal(made.automaticUserConsentSettings.outboundAllowed, null);
  await a.api(`${partners}/${tenants.b.id}`).patch({ automaticUserConsentSettings: { outboundAllowed: true } });
  const [shown] = (await b.api(partners).expand("identitySynchronization").get()).value;
  assert.equal(shown.identitySynchronization.userSyncInbound.isSyncAllowed, true);
  await assert.rejects(a.api(partners).post({ tenantId: tenants.b.id }), (error) => error instanceof GraphError && error.statusCode === 409 && error.code === "Request_MultipleObjectsWithSameKeyValue");
});

test("a synchronization is instantiated, configured and started", async () => {
  const made = await a.api("/applicationTemplates/518e5f48-1fc8-4c48-9387-9fdf28b0dfe7/instantiate").post({ displayName: "xts-b" });
  const at = `/servicePrincipals/${made.servicePrincipal.id}`;
  for (let i = 0; i < 50; i++) {
    const found = await a.api(at).get().catch((error) => { assert.equal(error.statusCode, 404); return undefined; });
    if (found) break;
    await new Promise((soon) => setTimeout(soon, 100));
  }
  const credentials = [{ key: "CompanyId", value: tenants.b.id }, { key: "AuthenticationType", value: "SyncPolicy" }];
  await a.api(`${at}/synchronization/jobs/validateCredentials`).post({ templateId: "Azure2Azure", useSavedCredentials: false, credentials });
  const job = await a.api(`${at}/synchronization/jobs`).post({ templateId: "Azure2Azure" });
  await a.api(`${at}/synchronization/secrets`).put({ value: [...credentials, { key: "SyncAll", value: "false" }] });
  const role = made.servicePrincipal.appRoles.find((r) => r.isEnabled);
  const annie = await a.api(`/users/${person.upn}`).get();
  await a.api(`${at}/appRoleAssignedTo`).post({ principalId: annie.id, resourceId: made.servicePrincipal.id, appRoleId: role.id });
  await a.api(`${at}/synchronization/jobs/${job.id}/start`).post({});
  const running = await a.api(`${at}/synchronization/jobs/${job.id}`).get();
  assert.equal(running.schedule.state, "Active");
  assert.equal(running.schedule.interval, "PT40M");
});

test("errors carry what a person needs", async () => {
  const error = await a.api("/users/nobody@a.example").get().catch((e) => e);
  assert.ok(error instanceof GraphError);
  assert.equal(error.statusCode, 404);
  assert.equal(error.code, "Request_ResourceNotFound");
  assert.match(error.requestId, /^[0-9a-f-]{36}$/);
  assert.ok(error.date instanceof Date && !Number.isNaN(error.date.valueOf()));
});

test("beta serves what v1.0 serves", async () => {
  assert.equal((await clientOf(secretOf("a"), "beta").api(`/users/${person.upn}`).get()).userPrincipalName, person.upn);
});
