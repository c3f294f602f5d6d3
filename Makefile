# Needs Python 3.11, Node 20, make and git. Everything else is installed below this folder.
PYTHON ?= python3.11
BIN := .venv/bin
READY := .venv/.ready
NODE_READY := contracts/node_modules/.ready
PROTOS := $(shell find protos -name '*.proto' | sort)

.DEFAULT_GOAL := help
.PHONY: help setup demo up test test-python test-contracts bench lint format protos protos-baseline docs map lock clean

help: ## what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

demo: setup ## one month of real orders, from sale to paid commission, verified
	@$(BIN)/fenxiao demo

up: setup ## start the network and leave it running until Ctrl-C
	@$(BIN)/fenxiao up

test: test-contracts test-python ## every test

test-python: setup
	@$(BIN)/pytest

test-contracts: $(NODE_READY)
	@cd contracts && bin/forge test

bench: setup ## figures beside references measured in the same run; ONLY=name for one
	@$(BIN)/python -m tests.bench $(if $(ONLY),--only $(ONLY))

lint: setup ## formats, types, import rules, API rules, contracts
	@$(BIN)/ruff format --check
	@$(BIN)/ruff check
	@$(BIN)/pyright
	@$(BIN)/lint-imports
	@cd protos && ../$(BIN)/buf lint && ../$(BIN)/buf breaking --against baseline.binpb
	@cd contracts && bin/forge fmt --check && bin/forge lint

format: setup ## format everything
	@$(BIN)/ruff format
	@$(BIN)/ruff check --fix
	@cd contracts && bin/forge fmt

setup: $(READY) $(NODE_READY)

$(READY): requirements.lock pyproject.toml libs/sdk/pyproject.toml
	@echo "installing Python packages …" >&2
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -q --disable-pip-version-check "uv>=0.5"
	@$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r requirements.lock
	@$(BIN)/uv pip install -q --python $(BIN)/python --no-deps -e libs/sdk -e .
	@touch $@

$(NODE_READY): contracts/package-lock.json
	@echo "installing the contracts' tools …" >&2
	@cd contracts && npm ci --silent --ignore-scripts --no-audit --no-fund
	@touch $@

protos: setup ## generate the API stubs anew
	@find libs/sdk/fenxiao/api -name '*_pb2*' -delete
	@$(BIN)/python -m grpc_tools.protoc -I protos --python_out=libs/sdk --grpc_python_out=libs/sdk \
		--plugin=protoc-gen-mypy=$(BIN)/protoc-gen-mypy --mypy_out=quiet:libs/sdk \
		--plugin=protoc-gen-mypy_grpc=$(BIN)/protoc-gen-mypy_grpc --mypy_grpc_out=quiet:libs/sdk $(PROTOS)
	@find libs/sdk/fenxiao/api -type d -exec sh -c 'test -e "$$1/__init__.py" || touch "$$1/__init__.py"' _ {} \;

docs: setup ## generate docs/events.md, docs/rules.md and docs/plan.schema.json anew
	@$(BIN)/python -m docs.events
	@$(BIN)/python -m docs.plan_schema
	@$(BIN)/python -m docs.rules

map: setup ## the outline of the world's land anew, from Natural Earth's shapes (public domain)
	@work=$$(mktemp -d) && (cd $$work && npm pack --silent world-atlas@2.0.2 >/dev/null && tar -xzf *.tgz) && \
		$(BIN)/python -m services.traceability.pages.outline $$work/package/land-110m.json \
		services/traceability/pages/outline.txt && rm -rf $$work

protos-baseline: setup ## accept the APIs as they are now; later changes must not break them
	@cd protos && ../$(BIN)/buf build -o baseline.binpb

lock: setup ## choose package versions anew
	@$(BIN)/uv lock --upgrade -q
	@$(BIN)/uv export -q --all-groups --all-packages --no-emit-workspace --no-header --format requirements.txt > requirements.lock

clean: ## remove what was installed and built; keeps .fenxiao
	@rm -rf .venv contracts/node_modules contracts/out contracts/cache
