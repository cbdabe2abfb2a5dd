# One image for every process of Headgate: `headgate webhook`, `headgate reconciler`, and the jobs of the chart.
#
# BASE is any Debian with Python 3.11 and its venv module, wherever its `python3` lives: both stages use it, so the
# interpreter that the venv points to is the one that runs.
ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS build
WORKDIR /build
COPY requirements/build.txt requirements/runtime.txt requirements/
# Two venvs: one with pip and the build backend, which stays here, and one without them, which is the product.
RUN python3 -m venv tools && python3 -m venv --without-pip /opt/headgate
RUN tools/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements/build.txt
RUN tools/bin/pip --python /opt/headgate/bin/python install --no-cache-dir --disable-pip-version-check --no-compile \
    --only-binary :all: --require-hashes -r requirements/runtime.txt
COPY pyproject.toml README.md LICENSE ./
COPY crds crds
COPY policies policies
COPY kube kube
COPY certs certs
COPY webhooks webhooks
COPY reconciler reconciler
COPY headgate headgate
RUN tools/bin/python -m hatchling build --target wheel \
    && tools/bin/pip --python /opt/headgate/bin/python install --no-cache-dir --disable-pip-version-check --no-compile \
    --no-index --no-deps dist/headgate-*.whl
# The root file system is read-only where this runs, so byte code is made now, and trusted without a look at its source.
RUN /opt/headgate/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/headgate/lib

FROM ${BASE}
COPY --from=build /opt/headgate /opt/headgate
ENV PATH=/opt/headgate/bin:/usr/local/bin:/usr/bin:/bin \
    HOME=/nonexistent \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONNOUSERSITE=1 \
    PYTHONUNBUFFERED=1
LABEL org.opencontainers.image.title="headgate" \
    org.opencontainers.image.description="Runs job-queue workers on Kubernetes safely" \
    org.opencontainers.image.licenses="Apache-2.0"
USER 65532:65532
ENTRYPOINT ["headgate"]
