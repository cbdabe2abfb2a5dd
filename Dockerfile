# One image for every process of Headgate: `headgate webhook`, `headgate reconciler`, and the jobs of the chart.
#
# BASE is any Debian with Python 3.11 and its venv module, wherever its `python3` lives: all stages use it, so the
# interpreter that the venv points to is the one that runs.
ARG BASE=python:3.11-slim-bookworm

# What Headgate needs, a layer that changes with requirements/ only.
FROM ${BASE} AS dependencies
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_COMPILE=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
COPY requirements/build.txt requirements/runtime.txt requirements/
# Two venvs: one with pip and the build backend, which stays here, and one without them, which is the product.
RUN python3 -m venv tools && python3 -m venv --without-pip /opt/headgate
RUN tools/bin/pip install --require-hashes -r requirements/build.txt
# The root file system is read-only where this runs, so byte code is made now, and trusted without a look at its source.
# The package kubernetes reads kubeconfigs, which no pod has, and is 126 MB: more than everything else together.
# cel_expr_python's extensions are in its one library already; the 36 MB of ext/ are the same again, one by one.
RUN tools/bin/pip --python /opt/headgate/bin/python install --only-binary :all: --require-hashes -r requirements/runtime.txt \
    && tools/bin/pip --python /opt/headgate/bin/python uninstall --yes --quiet kubernetes \
    && rm -r /opt/headgate/lib/python3.11/site-packages/cel_expr_python/ext \
    && /opt/headgate/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/headgate/lib

FROM dependencies AS product
COPY pyproject.toml README.md LICENSE ./
COPY crds crds
COPY policies policies
COPY kube kube
COPY certs certs
COPY webhooks webhooks
COPY reconciler reconciler
COPY headgate headgate
RUN tools/bin/python -m hatchling build --target wheel \
    && tools/bin/pip --python /opt/headgate/bin/python install --no-index --no-deps --prefix /product dist/headgate-*.whl \
    && /opt/headgate/bin/python -m compileall -q --invalidation-mode unchecked-hash /product/lib

FROM ${BASE}
COPY --from=dependencies /opt/headgate /opt/headgate
COPY --from=product /product /opt/headgate
# For images of workers that are to begin with it: COPY --from=<this image> /usr/local/bin/headgate-wait /usr/local/bin/
COPY --from=product /build/headgate/agent/headgate-wait /usr/local/bin/headgate-wait
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
