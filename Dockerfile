# Both stages use the same base: the virtual environment refers to its interpreter.
ARG PYTHON_IMAGE=python:3.12-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
# Only /opt/build has pip and the build backend. The image ships /opt/exporter.
RUN python3 -m venv /opt/build && python3 -m venv --without-pip /opt/exporter
WORKDIR /src
COPY requirements.lock requirements-build.lock ./
RUN /opt/build/bin/pip install --quiet --require-hashes --only-binary=:all: -r requirements-build.lock \
 && /opt/build/bin/pip --python /opt/exporter/bin/python install --quiet --no-compile \
      --require-hashes --only-binary=:all: -r requirements.lock
COPY tools/notices.py ./tools/
RUN mkdir /opt/exporter/share \
 && python3 tools/notices.py /opt/exporter/lib/python3.*/site-packages > /opt/exporter/share/THIRD_PARTY_NOTICES.txt
COPY pyproject.toml README.md LICENSE ./
COPY exporter ./exporter
# Compile now: the image runs on a read-only root file system. One process and no timestamps: two builds give the same bytes.
RUN /opt/build/bin/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir /tmp/wheels . \
 && /opt/build/bin/pip --python /opt/exporter/bin/python install --quiet --no-compile --no-deps --no-index /tmp/wheels/*.whl \
 && cp LICENSE /opt/exporter/share/ \
 && python3 -m compileall -q --invalidation-mode unchecked-hash /opt/exporter/lib

FROM ${PYTHON_IMAGE}
ARG VERSION=unknown REVISION=unknown CREATED=unknown SOURCE=unknown
LABEL org.opencontainers.image.title="bycloud-backup-exporter" \
      org.opencontainers.image.description="Prometheus exporter that shows whether each ByCloud database can be restored, and to what point in time." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.source="${SOURCE}"
ENV BYCLOUD_EXPORTER_REVISION="${REVISION}" PATH="/opt/exporter/bin:${PATH}" PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
COPY --from=build /opt/exporter /opt/exporter
USER 65532:65532
WORKDIR /
EXPOSE 10140
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 CMD ["bycloud-backup-exporter", "healthcheck"]
ENTRYPOINT ["bycloud-backup-exporter"]
