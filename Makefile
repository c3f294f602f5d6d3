# Needs Python 3.11, Node 20, make and git. Everything else is installed below this folder.
PYTHON ?= python3.11
BIN := .venv/bin
SETUP := .venv/.ready

.DEFAULT_GOAL := help
.PHONY: help demo up test bench lint format protos lock clean

help: ## what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(SETUP): requirements.lock pyproject.toml libs/sdk/pyproject.toml
	@echo "installing Python packages …" >&2
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -q --disable-pip-version-check "uv>=0.5"
	@$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r requirements.lock
	@$(BIN)/uv pip install -q --python $(BIN)/python --no-deps -e libs/sdk -e .
	@touch $@

protos: $(SETUP) ## generate the API stubs anew
	@find libs/sdk/fenxiao/api -name '*_pb2*' -delete
	@$(BIN)/python -m grpc_tools.protoc -I protos --python_out=libs/sdk --grpc_python_out=libs/sdk \
		--plugin=protoc-gen-mypy=$(BIN)/protoc-gen-mypy --mypy_out=quiet:libs/sdk \
		--plugin=protoc-gen-mypy_grpc=$(BIN)/protoc-gen-mypy_grpc --mypy_grpc_out=quiet:libs/sdk \
		$$(find protos -name '*.proto' | sort)
	@find libs/sdk/fenxiao/api -type d -exec sh -c 'test -e "$$1/__init__.py" || touch "$$1/__init__.py"' _ {} \;

lock: ## choose package versions anew
	@$(BIN)/uv lock --upgrade -q
	@$(BIN)/uv export -q --all-groups --all-packages --no-emit-workspace --no-header --format requirements.txt > requirements.lock
