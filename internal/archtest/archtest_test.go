package archtest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheHouseKeepsItsRules(t *testing.T) {
	module, packages, err := Load("../..")
	require.NoError(t, err)
	require.Greater(t, len(packages), 10, "the whole module is looked at")
	found := Check(module, packages)
	inSource, err := CheckSources(module, packages)
	require.NoError(t, err)
	for _, v := range append(found, inSource...) {
		t.Error(v)
	}
}

const module = "entente.dev/entente"

// one is a sound package with some imports.
func one(at string, imports ...string) Package {
	p := Package{ImportPath: module + "/" + at, Name: at[strings.LastIndex(at, "/")+1:], Doc: "about", GoFiles: []string{"x.go"}}
	if strings.HasPrefix(at, "cmd/") {
		p.Name = "main"
	}
	for _, i := range imports {
		if strings.HasPrefix(i, "internal/") || strings.HasPrefix(i, "workflows/") || strings.HasPrefix(i, "activities/") || strings.HasPrefix(i, "cmd/") {
			i = module + "/" + i
		}
		p.Imports = append(p.Imports, i)
	}
	return p
}

// Every rule goes red when it is broken: a violation is planted for each.
func TestPlantedViolationsAreFound(t *testing.T) {
	inTest := one("internal/entrasim/engine")
	inTest.XTestImports = []string{module + "/internal/graph"}
	sdkInTest := one("internal/entrasim/engine")
	sdkInTest.TestImports = []string{"github.com/microsoftgraph/msgraph-sdk-go"}
	linked := one("cmd/entente", "internal/cli")
	linked.Deps = []string{"fmt", "go.temporal.io/sdk/client"}
	undocumented := one("internal/plan")
	undocumented.Doc = ""
	misnamed := one("internal/plan")
	misnamed.Name = "planner"

	for want, packages := range map[string][]Package{
		"internal/plan: must not import os: pure rooms":                                 {one("internal/plan", "os")},
		"internal/ident: must not import log/slog":                                      {one("internal/ident", "log/slog")},
		"internal/coverage: must not import math/rand/v2":                               {one("internal/coverage", "math/rand/v2")},
		"internal/store: must not import database/sql":                                  {one("internal/store", "database/sql")},
		"internal/ident: must not import internal/plan; this room imports none of ours": {one("internal/ident", "internal/plan")},
		"internal/plan: must not import internal/contract":                              {one("internal/plan", "internal/contract")},
		"workflows/share: must not import activities/graphread":                         {one("workflows/share", "activities/graphread")},
		"workflows/share: must not import internal/graph":                               {one("workflows/share", "internal/graph")},
		"workflows/share: must not import internal/store/sqlite":                        {one("workflows/share", "internal/store/sqlite")},
		"workflows/share: must not import workflows/tenant":                             {one("workflows/share", "workflows/tenant")},
		"workflows/share: must not import net/http: workflows are replayed":             {one("workflows/share", "net/http")},
		"workflows/share: must not import os: workflows are replayed":                   {one("workflows/share", "os")},
		"workflows/share: must not import go.temporal.io/sdk/client":                    {one("workflows/share", "go.temporal.io/sdk/client")},
		"activities/record: must not import workflows/share":                            {one("activities/record", "workflows/share")},
		"activities/record: must not import activities/graphread":                       {one("activities/record", "activities/graphread")},
		"internal/graph: must not import go.temporal.io/sdk/temporal":                   {one("internal/graph", "go.temporal.io/sdk/temporal")},
		"internal/graph: must not import internal/store":                                {one("internal/graph", "internal/store")},
		"internal/graph: must not import internal/topology":                             {one("internal/graph", "internal/topology")},
		"internal/entrasim/engine: must not import internal/graph":                      {one("internal/entrasim/engine", "internal/graph")},
		"internal/graph, in its tests neither":                                          {inTest},
		"an independent reading":                                                        {sdkInTest},
		"internal/control: must not import github.com/microsoftgraph/msgraph-sdk-go":    {one("internal/control", "github.com/microsoftgraph/msgraph-sdk-go")},
		"internal/app: must not import go.temporal.io/server/temporal":                  {one("internal/app", "go.temporal.io/server/temporal")},
		"internal/api: must not import workflows/share":                                 {one("internal/api", "workflows/share")},
		"internal/api: must not import internal/graph":                                  {one("internal/api", "internal/graph")},
		"internal/console: must not import activities/record":                           {one("internal/console", "activities/record")},
		"internal/cli: must not import go.temporal.io/sdk/client":                       {one("internal/cli", "go.temporal.io/sdk/client")},
		"internal/cli: must not import internal/control":                                {one("internal/cli", "internal/control")},
		"internal/api: must not import database/sql":                                    {one("internal/api", "database/sql")},
		"cmd/entente: links go.temporal.io/sdk/client":                                  {linked},
		"cmd/entented: must not import internal/graph":                                  {one("cmd/entented", "internal/graph")},
		"internal/util: is named util":                                                  {one("internal/util")},
		"internal/brandnew: is in no room":                                              {one("internal/brandnew")},
		"internal/plan: is package planner in folder plan":                              {misnamed},
		"internal/plan: has no package comment":                                         {undocumented},
		"has the name of internal/plan":                                                 {one("internal/plan"), one("internal/store/plan")},
	} {
		t.Run(want, func(t *testing.T) {
			found := Check(module, packages)
			var texts []string
			for _, v := range found {
				texts = append(texts, v.String())
			}
			require.Contains(t, strings.Join(texts, "\n"), want)
		})
	}
	require.Empty(t, Check(module, []Package{
		one("internal/plan", "strings", "internal/ident"), one("workflows/share", "internal/contract", "go.temporal.io/sdk/workflow", "workflows/profile"),
		one("internal/graph", "net/http", "github.com/microsoftgraph/msgraph-sdk-go"), one("cmd/entente", "internal/cli"),
	}))
}

func TestPlantedSourceViolationsAreFound(t *testing.T) {
	clock := "package x\nimport \"time\"\nvar t = time.Now()\n"
	renamed := "package x\nimport clock \"time\"\nfunc f() { clock.Sleep(1) }\n"
	harmless := "package x\nimport \"time\"\nvar d = time.Hour\n"
	for _, c := range []struct{ at, src, want string }{
		{"internal/plan", clock, "x.go:3:9: time.Now reads a clock; take the time as an argument"},
		{"internal/plan", renamed, "time.Sleep reads a clock"},
		{"workflows/share", clock, "use workflow.Now"},
		{"workflows/share", "package x\nfunc f() { go f() }\n", "use workflow.Go"},
		{"workflows/share", "package x\nfunc f() { select {} }\n", "use workflow.NewSelector"},
		{"cmd/entente", strings.Repeat("//\n", maxCommandLines+1), "commands hold no logic"},
	} {
		found := checkSource(c.at, "x.go", []byte(c.src))
		require.Len(t, found, 1, c.src)
		require.Contains(t, found[0].String(), c.want)
	}
	require.Empty(t, checkSource("internal/plan", "x.go", []byte(harmless)))
	require.Empty(t, checkSource("internal/graph", "x.go", []byte(clock)))
	require.Empty(t, checkSource("cmd/entente", "x.go", []byte("package main\n")))
}
