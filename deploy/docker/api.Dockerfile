# The API: HTTP in and out. It never holds torch, numpy or the worker.
# Built from the top of the repository:
#   docker build -f deploy/docker/api.Dockerfile -t celshade-api .

FROM python:3.11.14-slim-bookworm AS base

# Libraries are installed in a stage of their own, so that pip's leftovers stay behind.
FROM base AS libraries
RUN python -m venv /opt/venv
COPY requirements/api.txt /tmp/api.txt
RUN /opt/venv/bin/pip install --no-cache-dir --require-hashes -r /tmp/api.txt

FROM base
# A real account, for libraries that ask who runs them; without a shell, a home or a right to write.
RUN groupadd --gid 10001 celshade \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent \
        --shell /usr/sbin/nologin celshade
COPY --from=libraries /opt/venv /opt/venv
WORKDIR /app
COPY common ./common
COPY api ./api
# The container's own address, for its network is its own; which of the host's is up to `ports`.
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    CELSHADE_API_HOST=0.0.0.0 \
    CELSHADE_API_PORT=8000
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
# Liveness only: whether Redis and the storage answer is /readyz, and no reason to restart the API.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "from http.client import HTTPConnection as C; c = C('127.0.0.1', 8000, timeout=4); c.request('GET', '/healthz'); raise SystemExit(c.getresponse().status != 200)"]
CMD ["python", "-m", "api"]
