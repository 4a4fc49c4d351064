package archtest

// room is a package, or with /... a tree of packages, and what it may use.
type room struct {
	path string   // below the module path; /... covers everything beneath
	may  []string // our own rooms that it may import, in the same notation; everything else is forbidden
	pure bool     // no I/O, no clock, no randomness, no logging
}

// values are the rooms without I/O that everything above may use.
func values() []string {
	return []string{"internal/ident", "internal/problem", "internal/directory", "internal/topology", "internal/plan", "internal/coverage", "internal/prospect", "internal/ledger"}
}

// with appends rooms to the values.
func with(more ...string) []string { return append(values(), more...) }

// rooms is the table, from the bottom up. The most specific path wins.
func rooms() []room {
	return []room{
		{path: "internal/ident", pure: true},
		{path: "internal/problem", pure: true},
		{path: "internal/directory", pure: true, may: []string{"internal/ident", "internal/problem"}},
		{path: "internal/topology", pure: true, may: []string{"internal/ident", "internal/problem"}},
		{path: "internal/plan/...", pure: true, may: []string{"internal/ident", "internal/problem", "internal/directory", "internal/topology", "internal/plan/..."}},
		{path: "internal/coverage", pure: true, may: []string{"internal/ident", "internal/problem", "internal/directory", "internal/topology", "internal/plan"}},

		{path: "internal/prospect", pure: true, may: []string{"internal/ident", "internal/directory", "internal/plan"}},

		{path: "internal/ledger", pure: true, may: []string{"internal/ident"}},

		{path: "internal/limits", may: []string{"internal/ident", "internal/problem"}},
		{path: "internal/config", may: []string{"internal/problem"}},
		{path: "internal/telemetry", may: []string{"internal/problem"}},
		{path: "internal/temporalkit/failure", pure: true, may: []string{"internal/problem"}},
		{path: "internal/temporalkit/codec"},
		// store itself is interfaces and values, pure like the rooms that it describes; its implementations are not.
		{path: "internal/store", pure: true, may: values()},
		{path: "internal/store/...", may: with("internal/store/...")},
		{path: "internal/store/remote", may: with("internal/store", "internal/api/wire", "internal/authn")},
		{path: "internal/contract", pure: true, may: with("internal/store", "internal/temporalkit/failure")},
		{path: "internal/graph/...", may: []string{"internal/ident", "internal/problem", "internal/directory", "internal/limits", "internal/graph/..."}},

		{path: "internal/notary", may: with("internal/store")},
		{path: "internal/devserver"},
		{path: "internal/temporalkit", may: []string{"internal/problem", "internal/telemetry", "internal/temporalkit/..."}},
		{path: "internal/authn", may: []string{"internal/ident", "internal/problem"}},
		{path: "internal/authn/openid", may: []string{"internal/ident", "internal/problem", "internal/authn"}},
		{path: "internal/authz", may: []string{"internal/ident", "internal/problem", "internal/authn"}},
		{path: "internal/notify/...", may: with("internal/contract", "internal/store", "internal/notify/...")},
		{path: "internal/archive", may: with("internal/store", "internal/notify")},
		{path: "internal/control", may: with("internal/contract", "internal/store", "internal/temporalkit/failure")},
		// TODO: take internal/store away when the words that workflows share with it live in contract.
		{path: "workflows/...", may: with("internal/contract", "internal/temporalkit/failure", "internal/store", "workflows/profile", "workflows/ballot", "workflows/reminder")},
		{path: "workflows/replay", may: with("internal/contract", "internal/temporalkit/...", "workflows/...")},
		{path: "activities/announce", may: with("internal/contract", "internal/store", "internal/notify")},
		{path: "activities/...", may: with("internal/contract", "internal/store", "internal/graph", "internal/limits", "internal/telemetry", "internal/temporalkit/failure")},

		{path: "internal/api/wire", may: with("internal/store", "internal/authn")},
		{path: "internal/api/client", may: with("internal/api/wire", "internal/authn")},
		{path: "internal/api", may: with("internal/api/wire", "internal/authn", "internal/authz", "internal/contract", "internal/control", "internal/notify/...", "internal/store", "internal/telemetry")},
		{path: "internal/api/...", may: with("internal/api/...", "internal/notary", "internal/authn", "internal/authz", "internal/contract", "internal/store/...")},
		{path: "internal/console/...", may: with("internal/console/...", "internal/api/client", "internal/api/wire", "internal/authn", "internal/authz", "internal/control", "internal/store")},
		{path: "internal/cli/...", may: with("internal/cli/...", "internal/api/client", "internal/api/wire", "internal/authn", "internal/store")},

		{path: "internal/entrasim/...", may: []string{"internal/entrasim/..."}},

		{path: "internal/app/...", may: with(
			"internal/app/...", "internal/limits", "internal/config", "internal/telemetry", "internal/temporalkit/...", "internal/store/...",
			"internal/contract", "internal/graph", "internal/devserver", "internal/authn/...", "internal/authz", "internal/notify/...",
			"internal/control", "internal/notary", "internal/archive", "internal/api", "internal/api/client", "internal/api/wire", "internal/console/...", "workflows/...", "activities/...",
		)},
		{path: "internal/demo/...", may: []string{"internal/...", "deploy/examples"}},
		{path: "internal/testkit/...", may: []string{"internal/...", "workflows/...", "activities/...", "deploy/examples"}},
		{path: "internal/bench/...", may: []string{"internal/...", "workflows/...", "activities/..."}},
		{path: "internal/e2e/...", may: []string{"internal/...", "workflows/...", "activities/...", "cmd/..."}},
		{path: "internal/archtest"},
		{path: "cmd/entented", may: []string{"internal/app/...", "internal/cli", "internal/config", "internal/demo/...", "internal/telemetry"}},
		{path: "cmd/entente", may: []string{"internal/cli/..."}},
		{path: "cmd/entrasim", may: []string{"internal/entrasim/..."}},
		{path: "deploy/...", may: []string{"internal/topology", "internal/config"}},
		{path: "docs/...", may: []string{"internal/..."}},
		{path: "tools/...", may: []string{"internal/..."}},
	}
}

// foreign is a rule about packages that are not ours.
type foreign struct {
	packages []string // import paths; /... covers everything beneath
	only     []string // the only rooms of ours that may import them; empty: use never
	never    []string // rooms that must not import them, directly
	except   []string // rooms below those of never in which tests may
	tests    bool     // the rule holds for tests too
	because  string
}

func foreigners() []foreign {
	return []foreign{
		{
			packages: []string{"github.com/microsoftgraph/...", "github.com/microsoft/...", "github.com/Azure/azure-sdk-for-go/sdk/azidentity/..."},
			only:     []string{"internal/graph/..."},
			because:  "Microsoft's SDK costs minutes to compile and has traps; internal/graph is the only room that knows it",
		},
		{
			packages: []string{"github.com/microsoftgraph/...", "github.com/microsoft/..."},
			never:    []string{"internal/entrasim/..."}, tests: true,
			except:  []string{"internal/entrasim/conformance/sdkmodels"}, // the SDK's models as an oracle
			because: "the simulator is an independent reading of Microsoft's pages",
		},
		{
			packages: []string{"go.temporal.io/server/...", "github.com/temporalio/ui-server/..."},
			only:     []string{"internal/devserver"},
			because:  "the embedded server is 200 MB of binary; internal/devserver is the only room that knows it",
		},
		{
			packages: []string{"go.temporal.io/sdk/..."},
			only: []string{
				"workflows/...", "activities/...", "internal/contract", "internal/control", "internal/temporalkit/...", "internal/temporalkit",
				"internal/devserver", "internal/app/...", "internal/testkit/...", "internal/e2e/...", "internal/bench/...",
			},
			because: "only rooms beside the workflows know Temporal; the others go through internal/control and the store",
		},
		{
			packages: []string{"go.temporal.io/sdk/client", "go.temporal.io/sdk/worker", "go.temporal.io/sdk/activity", "net/http", "net", "os", "os/...", "database/sql", "log", "log/slog", "math/rand/...", "crypto/rand", "sync", "syscall"},
			never:    []string{"workflows/..."},
			because:  "workflows are replayed: everything from outside comes through activities and workflow.*",
		},
		{
			packages: []string{"net/http", "net", "os", "os/...", "io/ioutil", "database/sql/...", "log", "log/slog", "math/rand/...", "crypto/rand", "syscall", "time/tzdata"},
			never:    []string{"pure"},
			because:  "pure rooms do no I/O, read no clock and draw no randomness, so that the same input gives the same answer everywhere",
		},
		{
			packages: []string{"database/sql/...", "modernc.org/sqlite/...", "github.com/jackc/...", "github.com/pressly/..."},
			only:     []string{"internal/store/...", "internal/devserver", "internal/testkit/..."},
			because:  "databases are behind internal/store",
		},
	}
}

// apart is a rule about everything that ends up in a program.
type apart struct {
	program string
	without []string
	because string
}

func programs() []apart {
	return []apart{
		{"cmd/entente", []string{"go.temporal.io/...", "github.com/microsoftgraph/...", "modernc.org/sqlite/...", "entente.dev/entente/internal/graph/...", "entente.dev/entente/workflows/...", "entente.dev/entente/activities/..."}, "the CLI speaks only to our HTTP API, and starts in a blink"},
		{"cmd/entrasim", []string{"go.temporal.io/...", "github.com/microsoftgraph/...", "entente.dev/entente/internal/graph/..."}, "the simulator is independent of the product"},
	}
}

// forbiddenNames say nothing about what is inside.
func forbiddenNames() []string {
	return []string{"common", "util", "utils", "helper", "helpers", "misc", "models", "model", "types", "shared", "base", "lib"}
}

// clocks are the functions of package time that depend on when they are called.
func clocks() []string {
	return []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}
}

// maxCommandLines keeps logic out of commands.
const maxCommandLines = 150
