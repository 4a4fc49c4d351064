package coverage

import "entente.dev/entente/internal/ident"

// Representation is how one user stands in one tenant. The strings are wire format.
type Representation string

// The words.
const (
	Internal    Representation = "internal"
	Member      Representation = "member"
	Guest       Representation = "guest"
	Pending     Representation = "pending"
	SoftDeleted Representation = "softDeleted"
	Absent      Representation = "absent"
	Blocked     Representation = "blocked"
)

// Cell is one person in one tenant.
type Cell struct {
	Tenant         ident.Tenant   `json:"tenant"`
	Representation Representation `json:"representation"`
	ObjectID       string         `json:"objectId,omitempty"`
	Wanted         bool           `json:"wanted"`
	Why            string         `json:"why,omitempty"`
}

// Row is one person of the collaborating user set, or one who left it.
type Row struct {
	Person ident.Person `json:"person"`
	UPN    string       `json:"upn"`
	Name   string       `json:"name"`
	Left   bool         `json:"left,omitempty"` // in no set any more; shown while an account shows somewhere
	Cells  []Cell       `json:"cells"`          // in the order of Coverage.Tenants
}

// Totals counts cells. Wanted counts the cells the topology asks for, Covered those that stand as asked.
type Totals struct {
	People      int `json:"people"`
	Wanted      int `json:"wanted"`
	Covered     int `json:"covered"`
	Internal    int `json:"internal"`
	Members     int `json:"members"`
	Guests      int `json:"guests"`
	Pending     int `json:"pending"`
	Absent      int `json:"absent"`
	SoftDeleted int `json:"softDeleted"`
	Blocked     int `json:"blocked"`
	// Cells counts people times tenants. Left counts rows of people who left; of their cells only the
	// soft-deleted ones are in the totals.
	Cells int `json:"cells"`
	Left  int `json:"left"`
}

// Coverage is the matrix of the collaborating user set over all tenants; rows sorted by UPN.
type Coverage struct {
	Tenants []ident.Tenant `json:"tenants"`
	Rows    []Row          `json:"rows"`
	Totals  Totals         `json:"totals"`
}
