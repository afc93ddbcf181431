# make run     the console, its worker and the sandbox on this machine; Ctrl-C stops them all
# make test    everything CI runs
# make bench   webhooks per second against a bare Django view (needs PostgreSQL)
# make bench-matching  wallet receipts matched per second, by open claims (needs PostgreSQL)
# make soak    hours of random weather on PostgreSQL; SEEDS=N says how many
# make messages  compile the Arabic catalogue again (needs Debian's gettext)
# make lock    compile both lock files again; LOCK_FLAGS=--upgrade takes newer versions
#
# Needs python3 (3.11 or newer) and make. uv comes into .boot/ by "pip --target", which asks for
# neither python3-venv nor root and is not stopped by Debian's externally-managed mark.

PYTHON := python3
UV_VERSION := 0.13.8
UV := .boot/bin/uv
UV_HERE := .boot/uv-$(UV_VERSION).dist-info/METADATA
# The interpreter is the one named above; uv must not fetch one of its own.
export UV_PYTHON_DOWNLOADS := never
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore

.PHONY: run test bench bench-matching soak messages lock

run: .venv/.run
	@.venv/bin/python manage.py up

test: .venv/.dev
	@.venv/bin/python -m tests.run_all

bench: .venv/.dev
	@.venv/bin/python tests/with_postgres.py python bench/webhooks.py

bench-matching: .venv/.dev
	@.venv/bin/python tests/with_postgres.py python bench/matching.py

SEEDS := 2000
soak: .venv/.dev
	@GATEBOOK_SEEDS=$(SEEDS) .venv/bin/python tests/with_postgres.py \
		python -m pytest -q -x tests/flows/test_swarm.py

messages:
	@msgfmt -c -o config/locale/ar/LC_MESSAGES/django.mo config/locale/ar/LC_MESSAGES/django.po

COMPILE = $(UV) pip compile -q --generate-hashes --no-emit-index-url --no-header \
	--python-version 3.11 $(LOCK_FLAGS) pyproject.toml
lock: $(UV_HERE)
	@$(COMPILE) -o requirements.lock
	@$(COMPILE) --group dev -o requirements-dev.lock

SYNC = { test -x .venv/bin/python || $(UV) venv -q --clear --python $(PYTHON); } \
	&& $(UV) pip sync -q --python .venv/bin/python --require-hashes

# The test packages include all that runs: a folder that has them keeps them.
.venv/.run: requirements.lock $(UV_HERE)
	@$(SYNC) $(if $(wildcard .venv/.dev),requirements-dev.lock,$<)
	@touch $@

.venv/.dev: requirements-dev.lock requirements.lock $(UV_HERE)
	@$(SYNC) $<
	@touch $@ .venv/.run

# Debian can lack pip; root may fetch it, anybody else is told.
$(UV_HERE):
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Gatebook needs Python 3.11.")'
	@$(PYTHON) -m pip --version >/dev/null 2>&1 \
		|| { test "$$(id -u)" = 0 && command -v apt-get >/dev/null \
			&& { apt-get -qq update && DEBIAN_FRONTEND=noninteractive \
				apt-get -qq install -y --no-install-recommends python3-pip; } >/dev/null; } \
		|| { echo "Gatebook needs pip for $(PYTHON): as root, apt-get install python3-pip"; exit 1; }
	@$(PYTHON) -m pip install -q --upgrade --target .boot "uv==$(UV_VERSION)"
