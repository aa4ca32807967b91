# Everything here sets itself up: `make run` and `make test` need Python 3.11+ and make, nothing else.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready
AUDIT := .venv-audit
AUDIT_READY := $(AUDIT)/.ready
CLIENTS := .venv-clients
CLIENTS_READY := $(CLIENTS)/.ready
CLIENTS_NODE_READY := tests/e2e/clients/node_modules/.ready
EXAMPLES_NODE_READY := tests/infra/plugin/typescript/node_modules/.ready

# Values of the command line reach a recipe as environment variables, whatever quotation marks they hold.
export PHOTOS PORT CONFIG SET AUTH VERSION

.DEFAULT_GOAL := help
.PHONY: bench-throughput drill fuzz bench-hostile burst burst-direct burst-plot bench-batch mutants help setup provider check format test test-unit test-infra test-e2e test-arm64 test-engine bench-signing bundle wheel release audit lock run up down bench-upload bench-program bench-render bench-render-chart bench-metadata bench-plan bench-lanes bench-lanes-chart docs roles

help: ## list the commands
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sort | sed -E 's/:.*## /\t/' | expand -t 16

setup: $(READY) ## create .venv with the pinned dependencies

$(READY): requirements/dev.txt requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version.split()[0])'
	@echo "installing the pinned dependencies into $(VENV): once, about a minute"
	@$(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

bundle: $(READY) ## build the Lambda archives into build/
	$(PY) -m components.bundle

# From the files of the commit, with the pinned setuptools, which dates them by SOURCE_DATE_EPOCH: the same commit
# gives the same bytes, whatever else is in the folder, where Python has the same zlib.
wheel: $(READY) ## build the wheel of imagectl, of the last commit, into build/
	@umask 022 && rm -rf build/source build/*.whl && mkdir -p build/source \
	  && git archive HEAD | tar -x --no-same-permissions -C build/source \
	  && SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(PY) -m pip wheel --quiet --disable-pip-version-check \
	    --no-deps --no-build-isolation --wheel-dir build build/source \
	  && rm -rf build/source && ls build/*.whl

release: $(READY) ## date the changelog, check everything, commit and tag VERSION; DRY_RUN=1 only shows it
	@$(PY) .ci/release.py make "$$VERSION" $(if $(filter-out 0,$(DRY_RUN)),--dry-run)

run: $(READY) ## send photographs through the whole service on this machine (PHOTOS=dir for your own)
	@$(PY) -m local.run $(if $(PHOTOS),--photos "$$PHOTOS")

up: $(READY) $(if $(filter jwt,$(AUTH)),provider) ## keep the service up until interrupted (PORT=…, CONFIG=stack.yaml, SET='page=true', AUTH=jwt, KEEP=1)
	@$(PY) -m local.up $(if $(PORT),--port "$$PORT") $(if $(CONFIG),--config "$$CONFIG") \
	  $(if $(SET),--set "$$SET") $(if $(AUTH),--auth "$$AUTH") $(if $(filter-out 0,$(KEEP)),--keep)

down: $(READY) ## stop what `make up` started
	@$(PY) -m local.up --down

PROVIDER := local/identity_provider
PROVIDER_READY := $(PROVIDER)/node_modules/.ready

provider: $(PROVIDER_READY) ## install the identity provider of AUTH=jwt and of the tests, where Node is there

$(PROVIDER_READY): $(PROVIDER)/package-lock.json
	@if command -v npm >/dev/null; then npm --prefix $(PROVIDER) ci --no-audit --no-fund --silent && touch $@; fi

test: test-unit test-infra test-e2e ## run all three test tiers

test-unit: $(READY) $(AUDIT_READY) provider ## test the modules on their own
	$(PY) -m pytest tests/unit

test-infra: $(READY) $(EXAMPLES_NODE_READY) ## test what the Pulumi program registers
	$(PY) -m pytest tests/infra

test-e2e: $(READY) provider $(CLIENTS_READY) $(CLIENTS_NODE_READY) ## test the program deployed to the emulator, with real traffic
	$(PY) -m pytest tests/e2e

# What the tests of docs/clients.md build clients with. Without npm, those for JavaScript are skipped.
$(CLIENTS_READY): tests/e2e/clients/requirements.txt
	$(PYTHON) -m venv $(CLIENTS)
	$(CLIENTS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

# What the TypeScript program of plugin/examples is checked with; without npm, that test is skipped.
$(CLIENTS_NODE_READY) $(EXAMPLES_NODE_READY): %/node_modules/.ready: %/package-lock.json
	@if command -v npm >/dev/null; then npm --prefix $(<D) ci --ignore-scripts --no-audit --no-fund --silent && touch $@; fi

bench-signing: $(READY) ## measure what signing 100 uploads costs against 10 (15 seconds)
	$(PY) bench/signing.py

bench-program: $(READY) ## measure how long the Pulumi program takes to its last registration (15 seconds)
	@$(PY) bench/program

docs: $(READY) ## write the documents and tables that are generated from the code
	@$(PY) -m docs.generate

fuzz: $(READY) ## attack renderer and API for SECONDS (60) from SEED (1); REPLAY=file renders a finding again
	@$(PY) -m bench.fuzz --seconds $(or $(SECONDS),60) --seed $(or $(SEED),1) $(if $(REPLAY),--replay '$(REPLAY)')

bench-hostile: $(READY) ## measure what hostile files cost the good ones beside them (6 minutes)
	@$(PY) -m bench.hostile

bench-plan: $(READY) ## compare the simulation of imagectl plan with the emulator (3 minutes)
	@$(PY) -m bench.plan

bench-upload: $(READY) ## measure imagectl: files a second, memory, and what a kill costs (5 minutes)
	@$(PY) -m bench.upload

BENCH := .venv-bench
BENCH_READY := $(BENCH)/.ready

bench-render: $(READY) $(BENCH_READY) ## measure the renderer beside sharp, libvips, OpenCV and others (10 minutes)
	@PYTHONPATH=. $(BENCH)/bin/python -m bench.render --project-python $(PY)

bench-render-chart: $(BENCH_READY) ## draw docs/rendering.svg: what each choice costs and gives
	@PYTHONPATH=. $(BENCH)/bin/python -m bench.render.frontier docs

$(BENCH_READY): bench/render/requirements.txt bench/render/package-lock.json
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r bench/render/requirements.txt
	npm --prefix bench/render ci --no-audit --no-fund --silent
	@touch $@

METADATA := .venv-bench-metadata
METADATA_READY := $(METADATA)/.ready

bench-metadata: $(READY) $(METADATA_READY) ## measure what variants keep of author and licence, and that no place leaks (1 minute)
	@$(PY) -m bench.metadata --exiv2-python $(METADATA)/bin/python

$(METADATA_READY): bench/metadata/requirements.txt
	$(PYTHON) -m venv $(METADATA)
	$(METADATA)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r bench/metadata/requirements.txt
	@touch $@

check: $(READY) ## lint, check formatting and types
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(PY) -m mypy

format: $(READY) ## format the code
	$(VENV)/bin/ruff check --fix
	$(VENV)/bin/ruff format

test-engine: $(READY) ## run the program under the real Pulumi engine, or print what that needs
	@$(PY) -m tests.engine.requirements
	$(PY) -m pytest tests/engine

test-arm64: $(READY) ## run the deployed archives on emulated arm64 with Python 3.13 (needs qemu-user-static, debootstrap)
	$(PY) -m pytest tests/arm64

audit: $(READY) $(AUDIT_READY) ## bills of materials, licences and known vulnerabilities of all that is pinned
	@PYTHONPATH=.ci $(PY) -m audit

$(AUDIT_READY): requirements/audit.txt
	$(PYTHON) -m venv $(AUDIT)
	$(AUDIT)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/audit.txt
	@touch $@

burst: $(READY) ## send 2,000 uploads at once with faults and killed workers, and account for each (4 minutes)
	@$(PY) -m bench.burst --plot .local/burst.json

burst-direct: $(READY) ## a spike of 500, and the same at the design without a queue (5 minutes)
	@$(PY) -m bench.burst --uploads 500 --kills 10 --direct

bench-lanes: $(READY) ## measure a person's photograph behind an import, with lanes and without (10 minutes)
	@$(PY) -m bench.lanes --plot .local/lanes.json

bench-lanes-chart: $(BENCH_READY) ## draw docs/lanes.svg from the last bench-lanes
	@$(BENCH)/bin/python bench/lanes/plot.py .local/lanes.json docs/lanes

drill: $(READY) ## lose the table and all variants, rebuild them from the originals, and compare (2 minutes)
	@$(PY) -m bench.drill

burst-plot: $(BENCH_READY) ## draw docs/spike.svg from the last burst
	@$(BENCH)/bin/python bench/burst/plot.py .local/burst.json docs/spike

bench-batch: $(READY) ## measure what overlapping downloads, rendering and uploads gains (2 minutes)
	@$(PY) -m bench.batch

bench-throughput: $(READY) ## measure what an image costs the deployed workers, part by part (10 minutes)
	@$(PY) -m bench.throughput

mutants: $(READY) ## break the functions in small ways, and show that a test catches each (6 minutes)
	@$(PY) -m bench.mutants

roles: ## write the policies of a stack's roles (STACK, ACCOUNT, REGION, REPOSITORY, STATE_BUCKET, STATE_KEY)
	@$(PYTHON) .ci/roles.py --stack '$(STACK)' --account '$(ACCOUNT)' --region '$(REGION)' \
	  --repository '$(REPOSITORY)' --owner-id '$(OWNER_ID)' --repository-id '$(REPOSITORY_ID)' \
	  --state-bucket '$(STATE_BUCKET)' --state-key '$(STATE_KEY)' --state-region '$(STATE_REGION)' \
	  --boundary '$(BOUNDARY)'

lock: ## compile requirements/*.in to pinned, hashed requirements (needs uv)
	cd requirements && for each in program:../requirements resize:resize vector:vector api:api publish:publish delivery:delivery runtime:runtime policies:../policies/requirements audit:audit dev:dev ../bench/render/requirements:../bench/render/requirements ../bench/metadata/requirements:../bench/metadata/requirements ../tests/e2e/clients/requirements:../tests/e2e/clients/requirements; do \
	  uv pip compile $$([ "$$each" = vector:vector ] && echo --no-deps) --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --custom-compile-command 'make lock' "$${each%%:*}.in" -o "$${each##*:}.txt" || exit 1; \
	done
