# The application: web server and worker are the same image with another command.
# Tags move; for a build that can be repeated, give the image with its digest:
#   docker build --build-arg PYTHON_IMAGE=python:3.11-slim-bookworm@sha256:... .
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
WORKDIR /src
COPY requirements.txt requirements-build.txt ./
RUN python -m venv /opt/build && /opt/build/bin/pip install --no-cache-dir --require-hashes -r requirements-build.txt
RUN python -m venv --without-pip /opt/mentors \
    && pip --python /opt/mentors/bin/python install --no-cache-dir --only-binary :all: --require-hashes -r requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY config config
COPY connectors connectors
COPY directory directory
COPY indexer indexer
RUN /opt/build/bin/python -m hatchling build --target wheel --directory /dist \
    && pip --python /opt/mentors/bin/python install --no-cache-dir --no-deps --no-index /dist/*.whl

FROM ${PYTHON_IMAGE}
RUN groupadd --gid 10001 mentors && useradd --uid 10001 --gid mentors --no-create-home --home-dir /data --shell /usr/sbin/nologin mentors \
    && install -d -o mentors -g mentors -m 0750 /data
COPY --from=build /opt/mentors /opt/mentors
ENV PATH=/opt/mentors/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    MENTORS_DATA=/data \
    MENTORS_LISTEN=0.0.0.0:8080
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=4 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/readyz', timeout=4)"]
ENTRYPOINT ["mentors"]
CMD ["serve"]
