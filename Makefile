# Every target runs in the project's own environment, which tests/bootstrap.py makes in the cache
# (~/.cache/headgate, or HEADGATE_CACHE) from requirements/dev.txt. Only Python 3.11 and Go are assumed.
in := tests/bootstrap.py
packages := crds policies kube certs webhooks reconciler headgate chart examples bench tests $(wildcard demo)
# Each has a module `generate` that takes --check.
generators := crds chart headgate

.PHONY: help demo test check generate lock clean

help:
	@echo "make demo      a real Kubernetes on this machine, 2,000 jobs, a live table, a plot (ARGS=--keep: leave it running)"
	@echo "make test      every test; HEADGATE_TEST_PROFILE=unit|control-plane asks for less"
	@echo "make check     style, types, layers, and that nothing generated is stale"
	@echo "make generate  write again what is generated: CRDs, the charts' copies, reference pages"
	@echo "make lock      pin the dependencies of pyproject.toml again"
	@echo "make clean     remove what tools have left in this folder"

demo:
	@$(in) python -m demo $(ARGS)

# Programs and images are built before pytest starts, where their progress can be seen. Most tests wait more than they
# compute, so three workers share two cores; what needs the one node stays on one worker, in its order.
test:
	@$(in) python -m tests.cluster prepare
	@$(in) pytest -n 3 --dist loadscope $(ARGS)

check:
	$(in) ruff check .
	$(in) ruff format --check .
	$(in) lint-imports
	$(in) mypy --strict $(packages)
	$(in) python -m tests.lock --check
	$(foreach package,$(generators),$(in) python -m $(package).generate --check &&) true

generate:
	$(foreach package,$(generators),$(in) python -m $(package).generate &&) true

lock:
	$(in) python -m tests.lock

clean:
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist demo-out bench/out
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
