# `make run` and `make test` set up .venv on their own, on a machine that has none.

CONFIG ?= taxi
ARGS ?=
WHAT ?=
WORKERS ?= 2

BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest

.DEFAULT_GOAL := help
.PHONY: help setup run test coverage lint format acceptance benchmark lock clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' Makefile | column -t -s '|'

setup: ## .venv with everything that is needed to run and to test
	@sh requirements/bootstrap.sh dev

run: ## a trained, evaluated and pushed model (CONFIG=taxi, ARGS="--set trainer.epochs=5")
	@sh requirements/bootstrap.sh runtime
	@$(BIN)/millrace run $(CONFIG) $(ARGS)

test: lint ## linter, type checker and the tests (WORKERS=2, ARGS="-k csv")
	$(PYTEST) -n $(WORKERS) --dist loadfile $(ARGS)

coverage: setup ## the tests, and which lines they reach
	$(PYTEST) -n $(WORKERS) --dist loadfile --cov --cov-report=term:skip-covered $(ARGS)

lint: setup ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: setup ## ruff's formatter and its fixes
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

acceptance: setup ## the long proofs (WORKERS=2)
	$(PYTEST) -m acceptance -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

benchmark: setup ## against stock TFX (ARGS="--rows 15000 --repetitions 1"); WHAT=training, images (bare loops), cached, packing, drift or flink
	$(BIN)/python -m tests.benchmarks$(WHAT:%=.%) $(ARGS)

lock: ## the locks from requirements/*.in (ARGS=--upgrade for newer versions)
	@sh requirements/lock.sh $(ARGS)

clean: ## away with .venv and caches; runs/ stays
	rm -rf .venv .tools .pytest_cache .ruff_cache .mypy_cache .hypothesis .coverage .coverage.* build dist *.egg-info
