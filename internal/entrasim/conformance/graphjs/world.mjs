// The world that the tests meet. Secrets here open a simulator only.
export const tenants = {
  a: { id: "0a000000-0000-4000-8000-00000000000a", domain: "a.example" },
  b: { id: "0b000000-0000-4000-8000-00000000000b", domain: "b.example" },
};
export const daemon = { id: "d0000000-0000-4000-8000-0000000000dd", secret: "graphjs-not-a-real-secret" };
export const device = { id: "d0000000-0000-4000-8000-0000000000ee" };
export const person = { upn: "annie@a.example", password: "Pass-annie@a.example" };
export const crowd = 5000;

const permissions = [
  "Policy.Read.All", "Policy.ReadWrite.CrossTenantAccess", "Application.ReadWrite.All", "Synchronization.ReadWrite.All",
  "AppRoleAssignment.ReadWrite.All", "Group.ReadWrite.All", "User.ReadWrite.All", "User.Invite.All", "AuditLog.Read.All",
];

// A world file is YAML, and JSON is YAML.
export function worldFile(certificate) {
  const tenant = (name) => ({
    name, id: tenants[name].id, domain: tenants[name].domain,
    users: name === "a" ? [{ upn: person.upn, displayName: "Annie Andersson", password: person.password }] : [],
    generate: { users: name === "a" ? crowd : 10, seed: 1 },
    apps: [
      { clientId: daemon.id, displayName: "graphjs", secrets: [daemon.secret], certificate, permissions },
      { clientId: device.id, displayName: "graphjs device", public: true, redirectURIs: ["http://localhost"] },
    ],
  });
  return JSON.stringify({ tenants: [tenant("a"), tenant("b")] });
}
