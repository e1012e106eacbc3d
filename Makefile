# Everything is reached from here. Set-up is part of each target: what is missing comes into
# .tools once, and a second run reuses it without the network.

# Versions of Envoy to test with, and another binary to test instead of all of them.
ENVOY_VERSIONS ?= 1.39.3 1.40.0
ENVOY ?=

# The runner must be as old as the library.
BINDGEN_VERSION := $(shell sed -n '/^name = "wasm-bindgen"$$/{n;s/version = "\(.*\)"/\1/p;q}' \
	Cargo.lock)

# The wheel that carries PostgreSQL for the tests; POSTGRES_URL names another server instead.
POSTGRES_WHEEL := 0.6.0
POSTGRES_URL ?=
export POSTGRES_URL

# The suites that wait more than they work run in so many processes; SHARDS=0 for one. A file stays
# in one of them: what its tests share is started once, and an Envoy's start is seconds of work.
SHARDS ?= 3
SHARDED := --numprocesses $(SHARDS) --dist loadfile

# What changes the source to see whether a test notices.
MUTANTS_VERSION := 27.1.0

# What searches for inputs that nobody takes.
FUZZ_VERSION := 0.13.2

# Optimising across crates is worth its minutes to the module alone.
QUICK := CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16

# As a library for Rust as well, it would not be optimised across crates: cargo passes that over.
MODULE := cargo rustc --release --locked --lib --target wasm32-wasip1 --crate-type cdylib

WASM := target/wasm32-wasip1/release/tradewind.wasm
SETUP := tests/tools/setup.sh

# Another toolchain brings its own targets.
TARGETS := .tools/targets-$(firstword $(shell rustc -vV 2>/dev/null | cksum)).ready
VENV := .tools/venv/.ready
NODE := .tools/node/.ready
MUTANTS := .tools/cargo-mutants-$(MUTANTS_VERSION)/bin/cargo-mutants
FUZZ := .tools/cargo-fuzz-$(FUZZ_VERSION)/bin/cargo-fuzz
BINDGEN := .tools/wasm-bindgen-$(BINDGEN_VERSION)/bin/wasm-bindgen-test-runner
POSTGRES := .tools/postgres-$(POSTGRES_WHEEL)/.ready
WITH_POSTGRES := .tools/venv/bin/python tests/tools/postgres.py run --
ENVOYS := $(if $(ENVOY),,$(ENVOY_VERSIONS:%=.tools/envoy-%/envoy))

# The newest Envoy alone, and one process: a signal to it is not lost in a shell.
DEMO_ENVOY := $(lastword $(ENVOYS))
DEMO := ENVOY='$(or $(ENVOY),$(DEMO_ENVOY))' exec .tools/venv/bin/python tests/tools/demo

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help build test lint unit wasm-test ledger-test e2e bench bench-ledger bench-peers soak storm \
	fuzz demo run setup mutants eval clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

build: $(TARGETS) ## the module for Envoy, the `tradewind` command and the ledger, optimised
	$(MODULE)
	$(QUICK) cargo build --release --locked --bins --features companion
	@ls -l $(WASM) target/release/tradewind target/release/tradewind-ledger

test: lint unit wasm-test ledger-test e2e ## lint, unit, wasm-test, ledger-test, e2e, in this order

lint: $(TARGETS) ## formatting and lints, of every build there is
	cargo fmt --check
	cargo fmt --check --manifest-path tests/fuzz/Cargo.toml
	cargo clippy --locked --all-targets -- -D warnings
	cargo clippy --locked --all-targets --features companion -- -D warnings
	cargo clippy --locked --lib --target wasm32-wasip1 -- -D warnings
	cargo clippy --locked --no-default-features --target wasm32-unknown-unknown --tests -- \
		-D warnings

unit: $(TARGETS) $(POSTGRES) ## the native tests, with a PostgreSQL of their own
	$(WITH_POSTGRES) cargo test --locked --features companion

wasm-test: $(TARGETS) $(BINDGEN) ## the core's tests as wasm32, in V8
	CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER=$(CURDIR)/$(BINDGEN) \
		cargo test --locked --no-default-features --target wasm32-unknown-unknown --test wasm

e2e: build $(VENV) $(NODE) $(ENVOYS) ## real Envoy, real SDKs, simulated providers (ARGS='-k keys')
	ENVOY='$(ENVOY)' ENVOY_VERSIONS='$(ENVOY_VERSIONS)' \
		.tools/venv/bin/python -m pytest tests/e2e $(SHARDED) $(ARGS)

ledger-test: build $(VENV) $(NODE) $(POSTGRES) ## the credit service, pressed and killed (ARGS='-k page')
	$(SETUP) ledger
	.tools/venv/bin/python -m pytest tests/service $(SHARDED) $(ARGS)

bench-ledger: build $(VENV) $(POSTGRES) ## the ledger's rate beside pgbench, and a hold's time
	$(SETUP) wrk
	python3 tests/bench/ledger.py $(ARGS)

bench: build $(ENVOYS) ## what a request costs beside plain Envoy (ARGS=--quick, ARGS=--write)
	python3 tests/bench/bench.py --envoy '$(or $(ENVOY),$(lastword $(ENVOYS)))' $(ARGS)

bench-peers: build $(ENVOYS) ## the same work through other gateways, those that are installed
	python3 tests/bench/peers.py --envoy '$(or $(ENVOY),$(lastword $(ENVOYS)))' $(ARGS)

mutants: $(MUTANTS) ## breaks the source, change by change: who notices (30 minutes; ARGS='--sample 1')
	python3 tests/tools/mutants.py $(MUTANTS) $(ARGS)

eval: $(TARGETS) $(BINDGEN) ## the score and the token estimate on public data, where it is (minutes)
	$(QUICK) cargo build --release --locked --bins --features companion
	CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER=$(CURDIR)/$(BINDGEN) \
		python3 tests/eval/eval.py $(ARGS)

soak: build $(VENV) $(ENVOYS) ## 100,000 requests with every failure: memory stays flat (minutes)
	ENVOY='$(ENVOY)' ENVOY_VERSIONS='$(ENVOY_VERSIONS)' \
		.tools/venv/bin/python tests/bench/soak.py $(ARGS)

storm: build $(VENV) $(ENVOYS) ## everything goes wrong at once, for ten minutes (SECONDS=60)
	ENVOY='$(ENVOY)' ENVOY_VERSIONS='$(ENVOY_VERSIONS)' STORM_SECONDS='$(or $(SECONDS),600)' \
		.tools/venv/bin/python -m pytest tests/e2e/test_storm.py -s -o faulthandler_timeout=0 $(ARGS)

fuzz: $(FUZZ) ## every parser, and the exchange, for ten minutes each (ARGS='--minutes 3 json sse')
	python3 tests/tools/fuzz.py $(FUZZ) $(ARGS)

demo: build $(VENV) $(DEMO_ENVOY) ## a tour on simulated providers; stays up until Ctrl-C (ARGS=--once)
	@$(DEMO) $(ARGS)

run: build $(VENV) $(DEMO_ENVOY) ## the same policy on the real providers, with your own keys
	@$(DEMO) --real $(ARGS)

setup: $(TARGETS) $(VENV) $(NODE) $(BINDGEN) $(ENVOYS) $(POSTGRES) ## only brings what the others need
	$(SETUP) ledger
	$(SETUP) wrk

clean: ## removes what was built, and keeps .tools
	cargo clean

$(TARGETS):
	$(SETUP) targets
	@touch $@

$(VENV): tests/e2e/requirements.txt
	$(SETUP) venv

$(POSTGRES): | $(VENV)
	$(SETUP) postgres $(POSTGRES_WHEEL)
	@touch $@

$(NODE): tests/e2e/node/package-lock.json
	$(SETUP) node

$(MUTANTS):
	$(SETUP) mutants $(MUTANTS_VERSION)

$(FUZZ): | $(TARGETS)
	$(SETUP) fuzz $(FUZZ_VERSION)

$(BINDGEN):
	$(SETUP) bindgen $(BINDGEN_VERSION)

.tools/envoy-%/envoy: | $(VENV)
	$(SETUP) envoy $*
