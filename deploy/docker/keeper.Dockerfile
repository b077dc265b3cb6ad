# The keeper: reaps leases, tops up hints, deletes what nobody holds.
# Built from the top of the repository:
#   docker build -f deploy/docker/keeper.Dockerfile -t celshade-keeper .

FROM python:3.11.14-slim-bookworm AS base

# Libraries are installed in a stage of their own, so that pip's leftovers stay behind.
FROM base AS libraries
RUN python -m venv /opt/venv
COPY requirements/keeper.txt /tmp/keeper.txt
RUN /opt/venv/bin/pip install --no-cache-dir --require-hashes -r /tmp/keeper.txt

FROM base
# A real account, for libraries that ask who runs them; without a shell, a home or a right to write.
RUN groupadd --gid 10001 celshade \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent \
        --shell /usr/sbin/nologin celshade
COPY --from=libraries /opt/venv /opt/venv
WORKDIR /app
COPY common ./common
COPY keeper ./keeper
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
STOPSIGNAL SIGTERM
# It serves nothing that could be asked. If it dies, its container is started again; if it halts,
# celshade_reaper_pauses_total in the API's /metrics says so. Two keepers at once are harmless.
HEALTHCHECK NONE
CMD ["python", "-m", "keeper"]
