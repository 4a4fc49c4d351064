package topology

// kind is the form of a field's value.
type kind int

const (
	text kind = iota
	number
	duration
	object     // a mapping with the fields of child
	objects    // a list of such mappings
	texts      // a list of texts
	ringsOfSet // a list of counts and percentages
)

// field is one key of the grammar.
type field struct {
	name     string
	kind     kind
	required bool
	doc      string
	pattern  string   // text: what it must look like
	shape    string   // text: like pattern, but with a rule of its own in the parser
	hint     string   // text: the pattern in words
	values   []string // text, texts: the only ones allowed
	min, max int      // number
	least    string   // duration: the shortest allowed
	standard string   // the value that holds when the key is missing
	child    *table
}

// table is one mapping of the grammar. what is its name in messages.
type table struct {
	what   string
	doc    string
	fields []field
}

func (t *table) field(name string) (field, bool) {
	for _, f := range t.fields {
		if f.name == name {
			return f, true
		}
	}
	return field{}, false
}

func (t *table) names() []string {
	names := make([]string, len(t.fields))
	for i, f := range t.fields {
		names[i] = f.name
	}
	return names
}

const (
	apiVersion   = "entente/v1"
	kindTopology = "Topology"

	// Tenant names travel in workflow IDs, queue names and application names, so they stay plain.
	tenantPattern = `^[a-z0-9][a-z0-9-]{0,31}$`
	tenantHint    = "lower-case letters, digits and hyphens, at most 32"
	namePattern   = `^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`
	nameHint      = "letters, digits, dots, hyphens and underscores, at most 63"
	domainPattern = `^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$`
	guidPattern   = `^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$`
	datePattern   = `^[0-9]{4}-[0-9]{2}-[0-9]{2}$`
	hoursPattern  = `^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$`

	maxCount  = 1_000_000
	maxWindow = weekTimes * maxCount
)

// How much wider than a run a window is that the file does not write.
const (
	dayTimes  = 3
	weekTimes = 10
)

// weekdays are the names of days, in the order of a week.
func weekdays() []string { return []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"} }

// The grammar. These tables are constants that Go has no syntax for; nothing writes to them.
var (
	acceptanceTable = &table{what: "acceptance", doc: "How the target is asked before people are sent there.", fields: []field{
		{name: "mode", kind: text, values: []string{"manual", "auto"}, standard: "manual", doc: "manual asks the target's admins whenever something leaves what they accepted; auto asks once whether the topology may answer for them from then on."},
		{name: "autoBelow", kind: number, min: 0, max: 1_000_000, standard: "0", doc: "With mode auto: only while the share carries fewer people than this; 0 is any number."},
		{name: "approvers", kind: number, min: 1, max: 10, standard: "1", doc: "How many different people must agree."},
		{name: "maxUsers", kind: number, min: 1, max: 1_000_000, standard: "500", doc: "How many people the share may carry before the target is asked again."},
		{name: "expiresAfter", kind: duration, least: "1s", standard: "90d", doc: "How long an acceptance holds."},
		{name: "remindAfter", kind: duration, least: "1s", standard: "3d", doc: "How long a request waits before its target is reminded, and again after as long."},
		{name: "escalateAfter", kind: duration, least: "1s", standard: "7d", doc: "How long a request waits before the target's second group is told."},
		{name: "askFor", kind: duration, least: "1s", standard: "14d", doc: "How long a request waits for an answer."},
	}}
	userTypeTable = &table{what: "userType", doc: "What shared people are in the target.", fields: []field{
		{name: "value", kind: text, values: []string{"member"}, standard: "member", doc: "The userType of shared people."},
		{name: "existingGuests", kind: text, values: []string{"keep", "ask", "convert"}, standard: "ask", doc: "What happens to guests who were there before."},
		{name: "drift", kind: text, values: []string{"repair", "report"}, standard: "repair", doc: "What happens when somebody in the target makes a Member a guest or hides them: repair undoes it, report only says so. Checked and kept with the topology; nothing acts on it yet."},
	}}
	dayTable = &table{what: "day", doc: "How many removals may happen in any 24 hours without an approval. Not below the run's budget.", fields: []field{
		{name: "count", kind: number, min: 0, max: maxWindow, doc: "People; 3 times the run's where it is not written."},
		{name: "percent", kind: number, min: 0, max: 100, doc: "Percent of the same people; 3 times the run's where it is not written, at most 100."},
	}}
	weekTable = &table{what: "week", doc: "How many removals may happen in any 7 days without an approval. Not below the day's.", fields: []field{
		{name: "count", kind: number, min: 0, max: maxWindow, doc: "People; 10 times the run's where it is not written."},
		{name: "percent", kind: number, min: 0, max: 100, doc: "Percent of the same people; 10 times the run's where it is not written, at most 100."},
	}}
	budgetTable = &table{what: "budget", doc: "How many removals may happen in one run without an approval; the smaller of count and percent holds.", fields: []field{
		{name: "count", kind: number, min: 0, max: maxCount, standard: "50", doc: "People."},
		{name: "percent", kind: number, min: 0, max: 100, standard: "10", doc: "Percent of the people the share carries, rounded up."},
		{name: "day", kind: object, child: dayTable},
		{name: "week", kind: object, child: weekTable},
	}}
	organizationTable = &table{what: "organization", doc: "How many removals all shares together may make in one run of each without an approval.", fields: []field{
		{name: "count", kind: number, required: true, min: 0, max: maxCount, doc: "People."},
		{name: "percent", kind: number, required: true, min: 0, max: 100, doc: "Percent of the people all shares carry, rounded up."},
		{name: "day", kind: object, child: dayTable},
		{name: "week", kind: object, child: weekTable},
	}}
	targetTable = &table{what: "a target budget", doc: "How many removals all shares into one target together may make without an approval.", fields: []field{
		{name: "tenant", kind: text, required: true, doc: "The target."},
		{name: "count", kind: number, required: true, min: 0, max: maxCount, doc: "People."},
		{name: "percent", kind: number, required: true, min: 0, max: 100, doc: "Percent of the people all shares carry into the target, rounded up."},
		{name: "day", kind: object, child: dayTable},
		{name: "week", kind: object, child: weekTable},
	}}
	budgetsTable = &table{what: "budgets", doc: "Bounds of removals beside the budget of each share; the tightest holds. What is not written does not bound.", fields: []field{
		{name: "organization", kind: object, child: organizationTable},
		{name: "targets", kind: objects, child: targetTable},
	}}
	protectedTable = &table{what: "a protected entry", doc: "People who are never shared, converted or removed, whatever else the file says: exactly one of group and users.", fields: []field{
		{name: "tenant", kind: text, required: true, doc: "The tenant where these people live."},
		{name: "group", kind: text, doc: "Display name or object id of a group in the tenant; nested groups count."},
		{name: "users", kind: texts, doc: "User principal names."},
	}}
	freezeTable = &table{what: "a freeze", doc: "When nothing but revocations runs: from and to, or days or hours or both.", fields: []field{
		{name: "from", kind: text, shape: datePattern, doc: "The first day, for example 2026-12-20."},
		{name: "to", kind: text, shape: datePattern, doc: "The last day."},
		{name: "days", kind: texts, values: weekdays(), doc: "Days of every week."},
		{name: "hours", kind: text, pattern: hoursPattern, hint: "two times of a day such as 22:00-06:00", doc: "Hours of every day, or of days. Past midnight they belong to the day on which they begin."},
		{name: "zone", kind: text, standard: "UTC", doc: "The time zone of all these, for example Europe/Stockholm."},
		{name: "reason", kind: text, doc: "What people are told."},
	}}
	deprovisioningTable = &table{what: "deprovisioning", doc: "What happens to people who leave a share.", fields: []field{
		{name: "action", kind: text, values: []string{"softDelete", "keep"}, standard: "softDelete", doc: "softDelete removes them in the target, restorable for 30 days; keep leaves them."},
		{name: "grace", kind: duration, least: "0s", standard: "24h", doc: "How long a removal waits before it is carried out."},
		{name: "budget", kind: object, child: budgetTable},
		{name: "engineThreshold", kind: number, min: 1, max: maxCount, standard: "500", doc: "The engine's own guard: at that many deletions in one cycle it deletes nobody and quarantines the job. More than the budget's count."},
	}}
	observeTable = &table{what: "observe", doc: "How often a tenant is looked at.", fields: []field{
		{name: "every", kind: duration, least: "1s", standard: "40m", doc: "The interval of observations."},
	}}
	rolloutTable = &table{what: "rollout", doc: "In which portions arrivals, conversions and removals of a share proceed; verified between portions.", fields: []field{
		{name: "rings", kind: ringsOfSet, required: true, doc: "Counts and percentages that grow up to 100%."},
		{name: "pauseAbove", kind: number, min: 0, max: 100, standard: "10", doc: "Percent of a ring's people that may fail before the rollout pauses by itself."},
	}}
	defaultsTable = &table{what: "defaults", doc: "Policies of every share that says nothing else.", fields: []field{
		{name: "acceptance", kind: object, child: acceptanceTable},
		{name: "userType", kind: object, child: userTypeTable},
		{name: "deprovisioning", kind: object, child: deprovisioningTable},
		{name: "rollout", kind: object, child: rolloutTable},
		{name: "observe", kind: object, child: observeTable},
	}}
	metadataTable = &table{what: "metadata", doc: "Who this topology is for.", fields: []field{
		{name: "name", kind: text, required: true, pattern: namePattern, hint: nameHint, doc: "The organization."},
	}}
	tenantTable = &table{what: "a tenant", doc: "One Entra directory.", fields: []field{
		{name: "name", kind: text, required: true, pattern: tenantPattern, hint: tenantHint, doc: "Its short name, used in commands and in shares."},
		{name: "tenantId", kind: text, required: true, shape: guidPattern, doc: "Its tenant id."},
		{name: "domain", kind: text, required: true, pattern: domainPattern, hint: "a domain such as a.example", doc: "Its primary domain."},
	}}
	fromTable = &table{what: "from", doc: "Where a user set's people come from: exactly one key.", fields: []field{
		{name: "group", kind: text, doc: "Display name or object id of a group in the tenant; nested groups count."},
		{name: "users", kind: texts, doc: "User principal names."},
		{name: "filter", kind: text, doc: "Not supported yet."},
	}}
	userSetTable = &table{what: "a user set", doc: "The people one tenant contributes.", fields: []field{
		{name: "name", kind: text, required: true, pattern: namePattern, hint: nameHint, doc: "Its name, used in shares."},
		{name: "tenant", kind: text, required: true, doc: "The tenant where these people live."},
		{name: "from", kind: object, required: true, child: fromTable},
	}}
	shareTable = &table{what: "a share", doc: "One directed edge (from, to), or a mesh of tenants that all share with each other.", fields: []field{
		{name: "mesh", kind: texts, doc: "Tenants that all share their sets with each other."},
		{name: "from", kind: text, doc: "The source tenant."},
		{name: "to", kind: text, doc: "The target tenant."},
		{name: "sets", kind: texts, doc: "User sets of the source; all of them when the key is missing."},
		{name: "acceptance", kind: object, child: acceptanceTable},
		{name: "userType", kind: object, child: userTypeTable},
		{name: "deprovisioning", kind: object, child: deprovisioningTable},
	}}
	documentTable = &table{what: "a topology", doc: "Who shares whom with whom.", fields: []field{
		{name: "apiVersion", kind: text, required: true, values: []string{apiVersion}, doc: "The version of this language."},
		{name: "kind", kind: text, required: true, values: []string{kindTopology}, doc: "The kind of document."},
		{name: "metadata", kind: object, required: true, child: metadataTable},
		{name: "tenants", kind: objects, required: true, child: tenantTable},
		{name: "userSets", kind: objects, required: true, child: userSetTable},
		{name: "shares", kind: objects, required: true, child: shareTable},
		{name: "defaults", kind: object, child: defaultsTable},
		{name: "protected", kind: objects, child: protectedTable},
		{name: "freezes", kind: objects, child: freezeTable},
		{name: "budgets", kind: object, child: budgetsTable},
	}}
)
