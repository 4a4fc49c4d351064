package world

import "fmt"

// World is a cloud's worth of tenants.
type World struct {
	Tenants []Tenant `yaml:"tenants"`
}

// Tenant is one directory.
type Tenant struct {
	Name        string     `yaml:"name"`
	ID          string     `yaml:"id,omitempty"` // derived from the name when empty
	Domain      string     `yaml:"domain"`
	DisplayName string     `yaml:"displayName,omitempty"`
	Users       []User     `yaml:"users,omitempty"`
	Generate    *Generator `yaml:"generate,omitempty"`
	Guests      []Guest    `yaml:"guests,omitempty"`
	Contacts    []Contact  `yaml:"contacts,omitempty"`
	Groups      []Group    `yaml:"groups,omitempty"`
	Apps        []App      `yaml:"apps,omitempty"`
	Partners    []Partner  `yaml:"partners,omitempty"`
	Jobs        []Job      `yaml:"jobs,omitempty"`
}

// User is an internal user by name.
type User struct {
	UPN         string         `yaml:"upn"`
	DisplayName string         `yaml:"displayName,omitempty"`
	Password    string         `yaml:"password,omitempty"` // signs in interactively with it
	UserType    string         `yaml:"userType,omitempty"` // Member unless given
	Disabled    bool           `yaml:"disabled,omitempty"`
	SMSSignIn   bool           `yaml:"smsSignIn,omitempty"`
	OnPremises  bool           `yaml:"onPremises,omitempty"`
	Manager     string         `yaml:"manager,omitempty"`    // UPN
	Attributes  map[string]any `yaml:"attributes,omitempty"` // by Graph name
	Roles       []string       `yaml:"roles,omitempty"`      // app roles in id tokens
	AdminRoles  []string       `yaml:"adminRoles,omitempty"` // directory roles, by display name
}

// Generator makes a crowd: the same seed gives the same people.
type Generator struct {
	Users  int    `yaml:"users"`
	Seed   uint64 `yaml:"seed,omitempty"`
	Guests int    `yaml:"guests,omitempty"` // of Users, how many are guests from elsewhere
}

// Guest is a B2B object invited by hand.
type Guest struct {
	Of         string         `yaml:"of"`                   // UPN in another tenant of the world, or any address
	UserType   string         `yaml:"userType,omitempty"`   // Guest unless given
	Pending    bool           `yaml:"pending,omitempty"`    // invited and never redeemed
	AdminRoles []string       `yaml:"adminRoles,omitempty"` // directory roles, by display name
	Attributes map[string]any `yaml:"attributes,omitempty"` // by Graph name
}

// Contact is a mail contact.
type Contact struct {
	Mail        string `yaml:"mail"`
	DisplayName string `yaml:"displayName,omitempty"`
}

// Group is a group with its direct members.
type Group struct {
	Name    string   `yaml:"name"`
	Members []string `yaml:"members,omitempty"` // UPNs, or names of other groups of the tenant
	Mail    bool     `yaml:"unified,omitempty"` // a Microsoft 365 group; otherwise a security group
	Rule    string   `yaml:"rule,omitempty"`    // membershipRule of a dynamic group
}

// App is an application registered and consented in the tenant.
type App struct {
	ClientID     string   `yaml:"clientId"`
	DisplayName  string   `yaml:"displayName"`
	Secrets      []string `yaml:"secrets,omitempty"`
	Certificate  string   `yaml:"certificate,omitempty"` // PEM file, relative to the world file
	Permissions  []string `yaml:"permissions,omitempty"` // application permissions of Microsoft Graph
	RedirectURIs []string `yaml:"redirectURIs,omitempty"`
	Public       bool     `yaml:"public,omitempty"`
}

// Partner is an existing entry of the cross-tenant access policy.
type Partner struct {
	Tenant          string `yaml:"tenant"` // name
	InboundAllowed  *bool  `yaml:"inboundAllowed,omitempty"`
	OutboundAllowed *bool  `yaml:"outboundAllowed,omitempty"`
	SyncAllowed     *bool  `yaml:"syncAllowed,omitempty"`
}

// Job is an existing synchronization to another tenant.
type Job struct {
	Target      string   `yaml:"target"` // name
	DisplayName string   `yaml:"displayName,omitempty"`
	Groups      []string `yaml:"groups,omitempty"` // assigned
	Users       []string `yaml:"users,omitempty"`  // assigned, UPNs
	Started     bool     `yaml:"started,omitempty"`
}

// EntentePermissions are the application permissions that Entente asks for (graph-setup 8.1, without Teams,
// governance and Conditional Access).
var EntentePermissions = []string{
	"Policy.Read.All", "Policy.ReadWrite.CrossTenantAccess", "Policy.ReadWrite.Authorization", "MultiTenantOrganization.ReadWrite.All",
	"Application.Read.All", "Application.ReadWrite.OwnedBy", "Synchronization.ReadWrite.All", "AppRoleAssignment.ReadWrite.All",
	"Group.ReadWrite.All", "GroupMember.ReadWrite.All", "User.ReadWrite.All", "User.DeleteRestore.All", "User.Invite.All",
	"OrgContact.Read.All", "AuditLog.Read.All", "Organization.Read.All", "Domain.Read.All", "CrossTenantInformation.ReadBasic.All",
}

// Fixed ids of the example's three tenants.
var threeIDs = map[string]string{
	"a": "0a000000-0000-4000-8000-00000000000a", "b": "0b000000-0000-4000-8000-00000000000b", "c": "0c000000-0000-4000-8000-00000000000c",
}

// EntenteClientID is the client id of Entente's registration in a tenant of the example, and Secret its secret.
func EntenteClientID(tenant string) string {
	return fmt.Sprintf("e0000000-0000-4000-8000-0000000000%s%s", tenant, tenant)
}

// Secret is the client secret of Entente's registration in a tenant of the example. It opens a simulator only.
func Secret(tenant string) string { return "entente-" + tenant + "-not-a-real-secret" }

// ThreeTenants is the world of the documentation: Annie in A, Bob and Barbara in B, Charlie in C, each tenant with
// a security group "Collaboration" of exactly those, a crowd that is not shared, and Bob as a guest in C that
// somebody invited by hand and that he redeemed.
func ThreeTenants(crowd int) *World {
	people := map[string][]User{
		"a": {{UPN: "annie@a.example", DisplayName: "Annie Andersson"}},
		"b": {{UPN: "bob@b.example", DisplayName: "Bob Berg"}, {UPN: "barbara@b.example", DisplayName: "Barbara Blom", Manager: "bob@b.example"}},
		"c": {{UPN: "charlie@c.example", DisplayName: "Charlie Ceder"}},
	}
	w := &World{}
	for i, name := range []string{"a", "b", "c"} {
		t := Tenant{Name: name, ID: threeIDs[name], Domain: name + ".example", DisplayName: "Tenant " + string(rune('A'+i))}
		g := Group{Name: "Collaboration"}
		for _, u := range people[name] {
			u.Password = "Pass-" + u.UPN
			u.Attributes = map[string]any{"department": "Collaboration"}
			t.Users = append(t.Users, u)
			g.Members = append(g.Members, u.UPN)
		}
		t.Groups = []Group{g}
		if crowd > 0 {
			t.Generate = &Generator{Users: crowd, Seed: uint64(i + 1)}
		}
		t.Apps = []App{{ClientID: EntenteClientID(name), DisplayName: "Entente", Secrets: []string{Secret(name)},
			Permissions: EntentePermissions, RedirectURIs: []string{"http://localhost"}}}
		w.Tenants = append(w.Tenants, t)
	}
	w.Tenants[2].Guests = []Guest{{Of: "bob@b.example"}}
	return w
}
