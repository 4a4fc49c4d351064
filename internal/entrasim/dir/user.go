package dir

import (
	"strings"
	"time"

	"entente.dev/entente/internal/entrasim/odata"
)

// Str numbers the text properties that most users have. They sit in an array rather than in a map because a
// tenant may hold a million users.
type Str uint8

// The text properties of User.S. Those after UserType's neighbours that Graph does not show are the keys of
// matching: NetID of home users, AltSecID of external ones.
const (
	UPN Str = iota
	DisplayName
	GivenName
	Surname
	Mail
	MailNickname
	JobTitle
	Department
	CompanyName
	EmployeeID
	OfficeLocation
	StreetAddress
	City
	State
	PostalCode
	Country
	PreferredLanguage
	UsageLocation
	MobilePhone
	BusinessPhone
	UserType
	CreationType
	ExternalUserState
	NetID
	AltSecID
	ManagerID
	numStr
)

var strNames = map[string]Str{
	"userPrincipalName": UPN, "displayName": DisplayName, "givenName": GivenName, "surname": Surname, "mail": Mail,
	"mailNickname": MailNickname, "jobTitle": JobTitle, "department": Department, "companyName": CompanyName,
	"employeeId": EmployeeID, "officeLocation": OfficeLocation, "streetAddress": StreetAddress, "city": City,
	"state": State, "postalCode": PostalCode, "country": Country, "preferredLanguage": PreferredLanguage,
	"usageLocation": UsageLocation, "mobilePhone": MobilePhone, "userType": UserType, "creationType": CreationType,
	"externalUserState": ExternalUserState,
}

// User is one user. A stored User is never changed.
type User struct {
	ID string
	S  [numStr]string // "" is null

	Created, StateChanged, Deleted int64 // Unix seconds; 0 is never
	AccountEnabled                 bool
	External                       bool // a B2B object: its person lives elsewhere
	SMSSignIn                      bool
	OnPremisesSync                 bool
	DeletedByEngine                bool
	ShowInAddressList              int8 // 0 null, 1 true, -1 false

	Extra map[string]any // everything else by canonical Graph name; nil for most
}

func unix(sec int64) any {
	if sec == 0 {
		return nil
	}
	return time.Unix(sec, 0).UTC()
}

func list(items ...string) []any {
	out := []any{}
	for _, s := range items {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

// UserField is one readable property of a user.
type UserField struct {
	Name string
	Get  func(*User) any
	Text Str // valid when IsText: the encoder's fast path
	Bit  uint8
	odata.Property
	IsText bool
}

// DefaultUserFields are returned when nothing is selected (user resource page).
var DefaultUserFields = pick("businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone",
	"officeLocation", "preferredLanguage", "surname", "userPrincipalName", "id")

func pick(names ...string) []*UserField {
	var out []*UserField
	for _, n := range names {
		out = append(out, userFields[strings.ToLower(n)])
	}
	return out
}

// LookupUserField finds a property of users without regard to case.
func LookupUserField(name string) (*UserField, bool) {
	f, ok := userFields[strings.ToLower(name)]
	return f, ok
}

var userFields = buildUserFields()

func buildUserFields() map[string]*UserField {
	out := map[string]*UserField{}
	for i, p := range odata.TypeOf("user").Properties {
		f := &UserField{Name: p.Name, Property: p, Bit: uint8(min(i, 63))}
		if s, ok := strNames[p.Name]; ok {
			f.IsText, f.Text, f.Bit = true, s, uint8(s)
			f.Get = func(u *User) any {
				if u.S[s] == "" {
					return nil
				}
				return u.S[s]
			}
		} else if get, ok := computed[p.Name]; ok {
			f.Get, f.Bit = get, 32
			if b, ok := bits[p.Name]; ok {
				f.Bit = b
			}
		} else {
			f.Bit = 63
			f.Get = func(u *User) any {
				if v, ok := u.Extra[p.Name]; ok {
					return v
				}
				if p.Collection {
					return []any{}
				}
				return nil
			}
		}
		out[strings.ToLower(p.Name)] = f
	}
	return out
}

// bits gives the flags their place in the change mask; the text properties have 0 to 25.
var bits = map[string]uint8{"accountEnabled": 33, "showInAddressList": 34, "deletedDateTime": 35, "businessPhones": uint8(BusinessPhone)}

var computed = map[string]func(*User) any{
	"id":              func(u *User) any { return u.ID },
	"accountEnabled":  func(u *User) any { return u.AccountEnabled },
	"createdDateTime": func(u *User) any { return unix(u.Created) },
	"deletedDateTime": func(u *User) any { return unix(u.Deleted) },
	"externalUserStateChangeDateTime": func(u *User) any {
		return unix(u.StateChanged)
	},
	"showInAddressList": func(u *User) any {
		if u.ShowInAddressList == 0 {
			return nil
		}
		return u.ShowInAddressList > 0
	},
	"businessPhones": func(u *User) any { return list(u.S[BusinessPhone]) },
	"imAddresses":    func(u *User) any { return list() },
	"otherMails": func(u *User) any {
		if v, ok := u.Extra["otherMails"]; ok {
			return v
		}
		if u.External {
			return list(u.S[Mail]) // computed by the directory of the guest's address
		}
		return list()
	},
	"proxyAddresses": func(u *User) any {
		if v, ok := u.Extra["proxyAddresses"]; ok {
			return v
		}
		if u.S[Mail] != "" {
			return list("SMTP:" + u.S[Mail])
		}
		return list()
	},
	"identities": func(u *User) any { return identities(u) },
	"onPremisesSyncEnabled": func(u *User) any {
		if u.OnPremisesSync {
			return true
		}
		return nil
	},
	"passwordProfile": func(*User) any { return nil }, // write-only
	// Three properties of other services that the schema does not let be null.
	"birthday":              func(*User) any { return time.Time{} },
	"hireDate":              func(*User) any { return time.Time{} },
	"deviceEnrollmentLimit": func(*User) any { return 5 },
}

// identities shows who signs the person in: before redemption the host's own domain, afterwards the home
// directory as ExternalAzureAD (external-id user-properties page).
func identities(u *User) any {
	if v, ok := u.Extra["identities"]; ok {
		return v
	}
	_, domain, _ := strings.Cut(u.S[UPN], "@")
	if u.External && u.S[ExternalUserState] != "PendingAcceptance" {
		return []any{map[string]any{"signInType": "federated", "issuer": "ExternalAzureAD", "issuerAssignedId": nil}}
	}
	return []any{map[string]any{"signInType": "userPrincipalName", "issuer": domain, "issuerAssignedId": u.S[UPN]}}
}

// Apply sets properties by canonical name on a copy being prepared. Read-only ones are refused, null clears.
// trusted callers (the engine, the world file) may set what Graph's writers may not.
func (u *User) Apply(patch map[string]any, trusted bool) *Error {
	for name, v := range patch {
		if err := u.set(name, v, trusted); err != nil {
			return err
		}
	}
	return nil
}

var readOnly = map[string]bool{"id": true, "createdDateTime": true, "deletedDateTime": true, "creationType": true,
	"externalUserState": true, "externalUserStateChangeDateTime": true, "proxyAddresses": true, "imAddresses": true,
	"onPremisesSyncEnabled": true, "securityIdentifier": true}

func (u *User) set(name string, v any, trusted bool) *Error {
	f, ok := LookupUserField(name)
	if !ok {
		return BadRequest("One or more property values specified are invalid: '%s'.", name)
	}
	name = f.Name
	if readOnly[name] && !trusted {
		if v == nil {
			return nil // clients send explicit nulls on create
		}
		return BadRequest("Property '%s' is read-only and cannot be set.", name)
	}
	if err := checkKind(f.Property, v); err != nil {
		return err
	}
	switch {
	case f.IsText:
		s, _ := v.(string)
		if f.Text == UserType && s != "" && s != "Member" && s != "Guest" {
			return BadRequest("Invalid value specified for property 'userType' of resource 'User'.")
		}
		u.S[f.Text] = s
	case name == "accountEnabled":
		b, ok := v.(bool)
		if !ok {
			return BadRequest("Invalid value specified for property 'accountEnabled' of resource 'User'.")
		}
		u.AccountEnabled = b
	case name == "showInAddressList":
		u.ShowInAddressList = 0
		if b, ok := v.(bool); ok {
			u.ShowInAddressList = -1
			if b {
				u.ShowInAddressList = 1
			}
		}
	case name == "businessPhones":
		u.S[BusinessPhone] = ""
		if l, _ := v.([]any); len(l) > 0 {
			u.S[BusinessPhone], _ = l[0].(string)
		}
	case name == "passwordProfile":
	default:
		extra := make(map[string]any, len(u.Extra)+1)
		for k, x := range u.Extra {
			extra[k] = x
		}
		if v == nil {
			delete(extra, name)
		} else {
			extra[name] = v
		}
		u.Extra = extra
	}
	return nil
}

// checkKind refuses a value of the wrong JSON type.
func checkKind(p odata.Property, v any) *Error {
	ok := true
	switch x := v.(type) {
	case nil:
	case string:
		ok = !p.Collection && (p.Kind == 's' || p.Kind == 't' || p.Kind == 'o')
	case bool:
		ok = !p.Collection && p.Kind == 'b'
	case float64, int:
		ok = !p.Collection && p.Kind == 'i'
	case []any:
		ok = p.Collection
		if ok && p.Kind == 's' {
			for _, item := range x {
				if _, text := item.(string); !text {
					ok = false
				}
			}
		}
	case map[string]any:
		ok = !p.Collection && p.Kind == 'o'
	}
	if !ok {
		return BadRequest("Invalid value specified for property '%s' of the resource.", p.Name)
	}
	return nil
}

// changeMask tells which properties differ, one bit each; 63 stands for all of Extra.
func changeMask(a, b *User) uint64 {
	if a == nil || b == nil {
		return ^uint64(0)
	}
	var m uint64
	for i := range a.S {
		if a.S[i] != b.S[i] {
			m |= 1 << i
		}
	}
	if a.S[Mail] != b.S[Mail] || a.S[UPN] != b.S[UPN] || a.S[ExternalUserState] != b.S[ExternalUserState] {
		m |= 1 << 32
	}
	if a.AccountEnabled != b.AccountEnabled {
		m |= 1 << bits["accountEnabled"]
	}
	if a.ShowInAddressList != b.ShowInAddressList {
		m |= 1 << bits["showInAddressList"]
	}
	if a.Deleted != b.Deleted {
		m |= 1 << bits["deletedDateTime"]
	}
	if len(a.Extra) != len(b.Extra) || !sameExtra(a.Extra, b.Extra) {
		m |= 1 << 63
	}
	return m
}
