# Everything that is done with this repository. Needs Go, Node with npm, make
# and git; what else a target uses is fetched by go and npm, versions pinned.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
GOTEST   ?= go test
FUZZTIME ?= 30s
ROUNDS   ?= 50
DATA     ?= ./data

# The module lies in tools/, so that what checks the code is no dependency of it.
STATICCHECK := go tool -modfile=tools/go.mod staticcheck

# Where goroutines meet: the race detector costs a factor of ten elsewhere for nothing.
CONCURRENT := $(wildcard adapter/store ingestion/apply node face/httpapi)

GOLDEN  = $(shell git grep -l 'formattest\.Golden(' -- 'ingestion/format/*_test.go' | xargs -rn1 dirname | sort -u)
WEB     = $(wildcard $(shell git ls-files --cached --others --exclude-standard ui))

##@ Use

.PHONY: run
run: build ## build all and start Stance, data in ./data
	bin/stance serve --data $(DATA)

.PHONY: demo
demo: build ## fill a demonstration estate and start Stance on it, data in ./data/demo
	bin/stance demo --data $(DATA)/demo
	bin/stance serve --data $(DATA)/demo

##@ Build

.PHONY: build
build: ui ## build bin/stance, web application included
	CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags '-s -w -X main.version=$(VERSION)' -o bin/stance ./cmd/stance

.PHONY: ui
ui: ui/dist/index.html ## build the web application into ui/dist

ui/dist/index.html: ui/node_modules/.package-lock.json $(filter-out ui/dist/%,$(WEB))
	npm --prefix ui run build
	@touch ui/dist/.keep # keeps the folder in Git, and Go compiling without a build

%/node_modules/.package-lock.json: %/package-lock.json %/package.json
	npm --prefix $* ci --no-audit --no-fund
	@mkdir -p $(@D) && touch $@

##@ Check

.PHONY: test
test: lint test-go test-web test-browser ## everything below that proves something: lint, Go, web and browser tests

.PHONY: lint
lint: ui/node_modules/.package-lock.json ## formatting, go vet, staticcheck, biome
	@unformatted=$$(gofmt -l $$(git ls-files --cached --others --exclude-standard '*.go')); \
	if [ -n "$$unformatted" ]; then echo "gofmt would change:"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	$(STATICCHECK) ./...
	npm --prefix ui run lint

.PHONY: test-go
test-go: ## Go tests
	$(GOTEST) -timeout 20m ./...

.PHONY: test-web
test-web: ui/node_modules/.package-lock.json ## types and unit tests of the web application
	npm --prefix ui run check

.PHONY: test-browser
test-browser: build test/e2e/node_modules/.package-lock.json ## the built binary in a real Chromium
	npm --prefix test/e2e test

.PHONY: race
race: ## Go tests of the concurrent packages under the race detector, with fewer random cases (needs a C compiler)
	CGO_ENABLED=1 $(GOTEST) -race -short -timeout 20m $(CONCURRENT:%=./%/...)

.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME each (FUZZTIME=5m make fuzz)
	@git grep -lE '^func Fuzz' -- '*_test.go' | while read -r file; do \
		sed -nE 's/^func (Fuzz[A-Za-z0-9_]*)\(.*/\1/p' "$$file" | while read -r target; do \
			echo "$$(dirname "$$file") $$target"; \
			go test "./$$(dirname "$$file")" -run='^$$' -fuzz="^$$target$$" -fuzztime=$(FUZZTIME); \
		done; \
	done

.PHONY: crash
crash: ## kill the server ROUNDS times at random points and compare what it knows afterwards
	$(GOTEST) -count=1 -timeout 0 -v ./test/crash -rounds=$(ROUNDS)

.PHONY: bench
bench: build ## measure what Stance promises, as a table (FULL=1: a report of 1 GB, a million findings; SIZE=: findings in the lists)
	go run ./bench -stance bin/stance

##@ Write generated files

.PHONY: openapi
openapi: ui/node_modules/.package-lock.json ## docs/openapi.json from the Go types, and the web application's types from it
	go test ./face/httpapi -run OpenAPI -update
	npm --prefix ui run api

.PHONY: golden
golden: ## the golden files of all report formats; read the difference before you commit it
	go test $(GOLDEN:%=./%) -run Golden -update

##@ Else

.PHONY: clean
clean: ## remove what was built (not ./data)
	rm -rf bin test/e2e/results
	find ui/dist -mindepth 1 ! -name .keep -delete

.PHONY: help
help: ## this list
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile
