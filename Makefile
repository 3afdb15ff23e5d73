# The two commands of a newcomer are `make demo` and `make test`. `make help` lists the others.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
export SWIFT_BACKTRACE := enable=no

PACKAGES := libsodium-dev libsqlite3-dev
VENV := .venv

.PHONY: help demo serve test test-http load test-web test-faults test-seeded fuzz fuzz-all coverage memcheck sanitize proof bench bench-full bench-check lint \
	dependencies build clean

help: ## what there is to make
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 18

dependencies: ## the system's libraries, where they are missing
	@scripts/install-dependencies $(PACKAGES)

demo: dependencies ## the real thing: a vault on SQLite, used through the command line
	@echo "building (release) …"
	@KEYVAULT_ENGINE_ONLY=1 scripts/quietly swift build -c release --product keyvault
	@scripts/demo .build/release

test: dependencies $(VENV)/ready ## all tests
	@echo "building the tests …"
	@scripts/quietly swift build --build-tests
	@KEYVAULT_PYTHON="$(CURDIR)/$(VENV)/bin/python" \
	KEYVAULT_NIST_VECTORS="$$($(VENV)/bin/python -c 'import cryptography_vectors, os; print(os.path.join(os.path.dirname(cryptography_vectors.__file__), "ciphers", "AES", "GCM"))')" \
	scripts/run-tests

serve: dependencies ## the server on SQLite in this folder, with a vault, a token and the page
	@echo "building (release) …"
	@scripts/quietly swift build -c release --product keyvault
	@scripts/quietly swift build -c release --product keyvault-server
	@scripts/serve .build/release

test-http: $(VENV)/schemathesis ## the server, by clients that are not ours (Node, schemathesis, wrk)
	@scripts/install-dependencies $(PACKAGES) nodejs curl openssl wrk
	@for product in keyvault keyvault-server KeyVaultBare; do scripts/quietly swift build --product $$product; done
	@for script in contract operations outage canary slow load schema; do \
	    KEYVAULT_SCHEMATHESIS="$(CURDIR)/$(VENV)/bin/schemathesis" node Tests/HTTP/$$script.mjs; done

load: dependencies ## what a chat costs beside a bare proxy, and memory over 1,000,000 chats (release)
	@scripts/install-dependencies nodejs wrk
	@for product in keyvault keyvault-server KeyVaultBare; do scripts/quietly swift build -c release --product $$product; done
	@KEYVAULT_CONFIGURATION=release KEYVAULT_PROOF=1 node Tests/HTTP/load.mjs

test-web: ## the page, in a real browser; screenshots in .build/web
	@scripts/install-dependencies $(PACKAGES) nodejs chromium
	@scripts/quietly swift build --product keyvault
	@scripts/quietly swift build --product keyvault-server
	@node Tests/Web/web.mjs

test-faults: $(VENV)/ready ## power cuts, failing system calls, a core dump in the midst of a read
	@scripts/install-dependencies $(PACKAGES) gdb xfsprogs e2fsprogs
	@scripts/quietly swift build --product KeyVaultProbe
	@scripts/quietly swift build --product keyvault
	@python3 Tests/Faults/failing_calls.py $${CALLS:-60}
	@$(VENV)/bin/python Tests/Leaks/core_dump.py
	@python3 Tests/Faults/power_cuts.py $${CUTS:-8}

test-seeded: dependencies ## seeded bugs, and the tests that catch them; five, chosen by the day, with DAY=1
	@Tests/SeededBugs/run $(if $(DAY),--day)

fuzz: dependencies ## fuzz one target: make fuzz TARGET=log DURATION=60
	@scripts/quietly scripts/fuzz-build
	@scripts/fuzz $(TARGET) $(DURATION)

fuzz-all: dependencies ## fuzz every target for DURATION seconds each
	@scripts/quietly scripts/fuzz-build
	@scripts/fuzz all $(DURATION)

coverage: dependencies ## what the engine's tests reach, run under the address sanitizer, against a list of what they cannot
	@scripts/coverage

sanitize: dependencies ## the engine's tests under the thread sanitizer and under the address sanitizer
	@scripts/sanitize

memcheck: dependencies ## a short run of the command line under valgrind
	@scripts/install-dependencies valgrind
	@KEYVAULT_ENGINE_ONLY=1 scripts/quietly swift build -c release --product keyvault
	@scripts/memcheck .build/release

proof: dependencies ## the long runs of what is proven by counting: hours
	@scripts/proof

bench: ## the short set of the benchmarks: every figure that has a goal and needs no million rows in SQLite
	@Benchmarks/run short

bench-full: ## all benchmarks, up to a million records in each store
	@Benchmarks/run full

bench-check: ## those figures that have a threshold, against it
	@Benchmarks/run check

lint: ## the formatter's opinion
	@swift format lint --strict --recursive Package.swift Sources Tests Examples Benchmarks Fuzz

build: dependencies ## everything, in release
	@swift build -c release

clean: ## remove what was built
	@rm -rf .build $(VENV)

$(VENV)/schemathesis: Tests/HTTP/requirements.txt
	@scripts/install-dependencies python3-venv
	@python3 -m venv $(VENV)
	@scripts/quietly $(VENV)/bin/pip install --disable-pip-version-check -r Tests/HTTP/requirements.txt
	@touch $@

# The Python side of Tests/Interop, and NIST's vectors.
$(VENV)/ready: Tests/Interop/requirements.txt
	@scripts/install-dependencies python3-venv
	@echo "setting up Python …"
	@python3 -m venv $(VENV)
	@scripts/quietly $(VENV)/bin/pip install --disable-pip-version-check -r Tests/Interop/requirements.txt
	@touch $@
