# What a contributor needs. `make help` lists it; every target works on a fresh clone with Go alone, except where its
# line says otherwise.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

BIN := bin
TOOLS := $(BIN)/tools
LDFLAGS := -s -w
STORY ?=
FUZZTIME ?= 30s
SUM := $(TOOLS)/testsum
# FORMAT=bin/tools/gofumpt checks the stricter format; `make fmt` writes it.
FORMAT ?= gofmt
FORMAT_TOOL := $(filter $(TOOLS)/%,$(FORMAT))

# Files that are not ours to format.
GOFILES = $(shell git ls-files -co --exclude-standard '*.go' | grep -v -e '_templ\.go$$' -e '/internal/queries/')

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: assets ## build and run the main job on simulated tenants
	go build -ldflags='$(LDFLAGS)' -o $(BIN)/entented ./cmd/entented
	$(BIN)/entented --demo

run: build ## run the daemon on this machine, state in .data
	$(BIN)/entented

build: assets ## build entented, entente and entrasim into bin/
	go build -ldflags='$(LDFLAGS)' -o $(BIN)/ ./cmd/...

assets: ## fetch and bundle the console's third-party script (Node)
	@if [ -f internal/console/package.json ]; then go generate ./internal/console/...; fi

test: $(SUM) assets ## all tests but the long stories; installs PostgreSQL and Chromium where it may
	@scripts/ensure-tools.sh
	go test -json -vet=off -timeout 20m ./... | $(SUM)
	@go -C tools test ./...

check: $(FORMAT_TOOL) $(TOOLS)/staticcheck $(TOOLS)/workflowcheck assets ## format, vet, staticcheck, workflowcheck, rooms, generated files
	@scripts/ensure-format.sh $(FORMAT) $(GOFILES)
	go vet ./...
	$(TOOLS)/staticcheck ./...
	@if [ -d workflows ]; then echo workflowcheck ./workflows/...; $(TOOLS)/workflowcheck -test=false -config workflows/workflowcheck.yaml ./workflows/...; fi
	go test -count=1 ./internal/archtest
	@scripts/check-generated.sh
	@echo "check: ok"

e2e: $(SUM) build ## every story through the built programs; STORY="a b" runs some
	@scripts/ensure-tools.sh
	@scripts/stories.sh $(SUM) "$(STORY)"

chaos: $(SUM) build ## a fault at every Graph call, a kill after every activity
	go test -json -count=1 -timeout 60m -run '^TestChaos' ./internal/e2e/... | $(SUM)

bench: ## benchmarks, each with its baseline in the same run
	go test -run '^$$' -bench . -benchmem -timeout 30m ./...

fuzz: ## every fuzz target for FUZZTIME (30s)
	@scripts/fuzz.sh $(FUZZTIME)

conformance: $(TOOLS)/conformsum ## the simulator against Microsoft's schema, SDK models and JavaScript client (Node, openssl)
	@scripts/conformance.sh $(TOOLS)/conformsum

race: $(SUM) ## the race detector, on packages that do not link the Temporal server
	go test -race -json -vet=off -timeout 30m $$(scripts/without-server.sh) | $(SUM)

fmt: $(TOOLS)/gofumpt ## format every Go file
	$(TOOLS)/gofumpt -w $(GOFILES)

gen: $(TOOLS)/templ ## write generated files anew
	go generate ./...
	@if [ -n "$$(git ls-files '*.templ')" ]; then $(TOOLS)/templ generate -log-level error -path internal/console; fi

image: ## container image from deploy/Dockerfile (needs docker or podman)
	@builder="$$(command -v docker || command -v podman || true)"; \
	if [ -z "$$builder" ]; then echo "make image needs docker or podman; install one of them" >&2; exit 1; fi; \
	"$$builder" build -f deploy/Dockerfile -t entente:dev .

$(SUM): tools/go.mod $(wildcard tools/testsum/*.go)
	@go -C tools build -o ../$@ ./testsum

$(TOOLS)/conformsum: tools/go.mod $(wildcard tools/conformsum/*.go)
	@go -C tools build -o ../$@ ./conformsum

$(TOOLS)/gofumpt: PKG := mvdan.cc/gofumpt
$(TOOLS)/staticcheck: PKG := honnef.co/go/tools/cmd/staticcheck
$(TOOLS)/workflowcheck: PKG := go.temporal.io/sdk/contrib/tools/workflowcheck
$(TOOLS)/templ: PKG := github.com/a-h/templ/cmd/templ
$(TOOLS)/gofumpt $(TOOLS)/staticcheck $(TOOLS)/workflowcheck $(TOOLS)/templ: tools/go.mod
	@go -C tools build -o ../$@ $(PKG)

.PHONY: help demo run build assets test check e2e chaos bench fuzz conformance race fmt gen image
