# The Python to make .venv with; empty: the first of python3, python3.14 ... that is 3.11 or newer.
PYTHON ?=
# A pip index to take torch and torchvision from at the first set-up; empty: pip's own.
TORCH_INDEX ?=
# More arguments for pytest, as in: make test ARGS='tests/setup -x'
ARGS ?=

export PYTHON TORCH_INDEX

BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help demo test lint bench torture setup setup-tests clean
# Two set-ups at a time would install into one .venv.
.NOTPARALLEL:

help:
	@echo "make demo    set up, then open the app on the embedded demo; headless where no display is"
	@echo "make test    set up, then run the tests          (make test ARGS='tests/setup -x')"
	@echo "make lint    format, lint, types and the import contract"
	@echo "make bench   run the benchmarks"
	@echo "make torture break things on purpose, and write docs/torture.md      (some 20 minutes)"
	@echo "make setup   set up only: .venv, and the system libraries that Qt needs"
	@echo "make clean   remove .venv and what the tools cached"
	@echo
	@echo "PYTHON=python3.12       the Python to use, 3.11 or newer"
	@echo "TORCH_INDEX=URL         the pip index for torch at the first set-up. On Linux pip's own is a"
	@echo "                        CUDA build of several GB; without an NVIDIA GPU this is smaller:"
	@echo "                        make demo TORCH_INDEX=https://download.pytorch.org/whl/cpu"

setup:
	@sh tools/system_libraries.sh
	@sh tools/python_environment.sh runtime

setup-tests:
	@sh tools/system_libraries.sh --tests
	@sh tools/python_environment.sh dev

demo: setup
	@$(BIN)/gridsal demo

test: setup-tests
	@$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

lint:
	@sh tools/python_environment.sh dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup
	@$(BIN)/python -m benchmarks $(ARGS)

torture: setup-tests
	@GRIDSAL_FUZZ=1000 $(BIN)/python -m pytest -q -p no:cacheprovider --timeout 3000 -n 2 tests/fuzz
	@$(BIN)/python -m torture $(ARGS)

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .benchmarks
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
