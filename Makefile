# The commands of the project; `make` alone lists them.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
DEPLOY := .venv-deploy
RELEASE := .venv-release
DOCS   := .venv-docs
# The first Python that is new enough for Helm's library; set DEPLOY_PYTHON=… to use another.
NEWER   = $(foreach python,python3.14 python3.13 python3.12 $(PYTHON) $(wildcard $(HOME)/.pyenv/versions/3.1[2-9].*/bin/python3), \
  $(shell $(python) -c 'import sys; sys.version_info >= (3, 12) and print(sys.executable)' 2>/dev/null))
DEPLOY_PYTHON ?= $(firstword $(NEWER))
PORT   ?= 10140
# Keep extras: without them, pip looks for the newest release of a package that another one requires with an extra, and finds no hash.
LOCK   := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-strip-extras \
  --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock'
PROSE   = README.md CONTRIBUTING.md SECURITY.md CHANGELOG.md $(shell find docs -name "*.md")
NEEDS_LINUX = @test -d /proc/self || { echo 'make $@: needs Linux, for /proc' >&2; exit 1; }

.DEFAULT_GOAL := help
.PHONY: help demo test check prose situations stress fix docs site dashboards rules mutants history tools image packages release-build release-dry-run release-lint manifests bench bench-rules soak abuse lock clean

help: ## list these commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

demo: $(VENV)/runs ## run the exporter on an embedded API, on port 10140 (PORT=… for another)
	@$(BIN)/bycloud-backup-exporter demo --web.listen-address=127.0.0.1:$(PORT)

test: $(VENV)/tests ## run the suite, without the tests marked slow
	$(BIN)/python -m pytest -n auto -m "not slow" --hypothesis-profile=quick

check: $(VENV)/tests prose ## lint, types, import contracts, language, and the suite in random order with branch coverage
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy exporter tests benchmarks dashboards alerts tools
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest -n auto --cov --cov-report=term-missing

prose: $(DOCS)/installed ## check spelling and language with codespell and proselint
	$(DOCS)/bin/codespell
	$(DOCS)/bin/proselint check --config .proselintrc.json $(PROSE)

situations: $(VENV)/tests ## run the situations of the alerts at scrapes 15 s apart too (most of an hour; needs promtool)
	$(BIN)/python -m pytest -n auto -m exhaustive tests/alerts

stress: $(VENV)/tests ## run the quick suite three times, in random orders, with four busy loops and idle threads
	$(BIN)/python tools/stress.py

fix: $(VENV)/tests ## let ruff fix and format the code
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: $(VENV)/tests ## generate docs/cli.md, docs/configuration.md, docs/metrics.md and the drawings
	$(BIN)/python -m tools.generated

site: $(DOCS)/installed ## build the documentation as a site, and check its links: site/index.html
	NO_MKDOCS_2_WARNING=1 $(DOCS)/bin/mkdocs build --strict --quiet

dashboards: $(VENV)/tests ## generate the dashboards' JSON from dashboards/source
	$(BIN)/python -m dashboards.source

rules: $(VENV)/tests ## generate the alert rules, their table in docs/alerts.md, and the runbooks' heads from alerts/source
	$(BIN)/python -m alerts.source

mutants: $(VENV)/tests ## flip each comparison of the alert rules, and print those that no situation notices (hours)
	$(BIN)/python -m tools.mutate_rules

history: $(VENV)/tests ## replay a month of a fleet into a real Prometheus, on port 19090 (DATABASES=25; needs prometheus and promtool)
	$(BIN)/python -m tools.history --databases $(or $(DATABASES),25) $(or $(FOLDER),$(shell mktemp -d))

tools: $(DEPLOY)/installed ## install Helm, kubectl, hadolint and pip-audit for the tests of deploy/ (Python 3.12 or newer)

image: ## build the image and run it, with Docker or Podman, or as root with buildah and debootstrap
	@$(PYTHON) -m tools.image_check

packages: $(VENV)/tests $(RELEASE)/installed ## build a wheel, a single file and a Debian package for this machine into dist/
	$(BIN)/python -m tools.release packages

release-build: $(VENV)/tests $(DEPLOY)/installed $(RELEASE)/installed ## build all files of a release into dist/ (TAG=v…)
	$(BIN)/python -m tools.release build '$(TAG)'

release-dry-run: $(VENV)/tests $(DEPLOY)/installed $(RELEASE)/installed ## build a release twice into dist/, check it and compare
	$(BIN)/python -m tools.release dry-run

release-lint: $(VENV)/tests $(RELEASE)/installed ## check the workflows with actionlint and zizmor
	$(RELEASE)/bin/actionlint
	$(RELEASE)/bin/zizmor --offline --quiet .github

manifests: $(VENV)/tests $(DEPLOY)/installed ## copy rules and dashboards into the chart; generate its README and deploy/kubernetes/exporter.yaml
	$(BIN)/python -m tools.manifests

abuse: $(VENV)/tests ## attack the exporter as clients can, while it must answer one scrape per second
	$(NEEDS_LINUX)
	$(BIN)/python -m benchmarks.abuse

bench: $(VENV)/runs ## compare a scrape with a plain script and with the floor; write docs/performance.md (most of an hour)
	$(NEEDS_LINUX)
	$(BIN)/python -m benchmarks.bench

bench-rules: $(VENV)/runs ## measure the evaluation of the alert rules for 5,000 databases; write it into docs/performance.md (needs prometheus and promtool)
	$(BIN)/python -m benchmarks.rules --write

soak: $(VENV)/runs ## run 50 scrapers for ten minutes while the API fails in every way
	$(NEEDS_LINUX)
	$(BIN)/python -m benchmarks.soak

lock: $(VENV)/tests ## resolve the lock files again from pyproject.toml
	$(LOCK) pyproject.toml -o requirements.lock
	$(LOCK) --group build -o requirements-build.lock
	$(LOCK) pyproject.toml --group dev -o requirements-dev.lock
	$(LOCK) --python-version 3.12 --group deploy -o requirements-deploy.lock
	$(LOCK) --python-version 3.11 --group release -o requirements-release.lock
	$(LOCK) --python-version 3.11 --group docs -o requirements-docs.lock

clean: ## remove the virtual environment and all caches
	rm -rf $(VENV) $(DEPLOY) $(RELEASE) $(DOCS) dist site .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage*

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/runs: $(VENV)/bin/python requirements.lock pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(VENV)/tests: $(VENV)/runs requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

$(DEPLOY)/installed: $(VENV)/tests requirements-deploy.lock
	@test -n '$(DEPLOY_PYTHON)' || { echo 'make tools: needs Python 3.12 or newer; set DEPLOY_PYTHON=…' >&2; exit 1; }
	$(BIN)/uv venv --quiet --clear --python '$(DEPLOY_PYTHON)' $(DEPLOY)
	$(BIN)/uv pip install --quiet --python $(DEPLOY)/bin/python --require-hashes -r requirements-deploy.lock
	@touch $@

# These need no more than the project's own Python.
$(RELEASE)/installed $(DOCS)/installed: .venv-%/installed: $(VENV)/tests requirements-%.lock
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv-$*
	$(BIN)/uv pip install --quiet --python .venv-$*/bin/python --require-hashes -r requirements-$*.lock
	@touch $@
