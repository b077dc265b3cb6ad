# The worker, for the CPU or for NVIDIA's GPUs.
# Built from the top of the repository:
#   docker build -f deploy/docker/worker.Dockerfile -t celshade-worker .
#   docker build -f deploy/docker/worker.Dockerfile -t celshade-worker-gpu --build-arg ACCELERATOR=gpu .
#
# On x86-64 the usual package index holds torch's CUDA build, over 2 GB. For a small CPU image name
# PyTorch's own index of CPU builds: --build-arg TORCH_INDEX=<its address>.

# Which of the stages `libraries-cpu` and `libraries-gpu` the image takes.
ARG ACCELERATOR=cpu

FROM python:3.11.14-slim-bookworm AS base

# Libraries are installed in stages of their own, so that pip's leftovers stay behind.
FROM base AS libraries-cpu
ARG TORCH_INDEX=""
RUN python -m venv /opt/venv
COPY requirements/worker.txt /tmp/worker.txt
COPY requirements/images.txt /tmp/images.txt
RUN /opt/venv/bin/pip install --no-cache-dir --require-hashes \
    -r /tmp/worker.txt -r /tmp/images.txt
# A call of its own: torch's build depends on the machine, so it has no hash, and one hash in a call
# demands all. What its CPU build needs stands in worker.txt already.
COPY requirements/torch.txt /tmp/torch.txt
RUN /opt/venv/bin/pip install --no-cache-dir \
    ${TORCH_INDEX:+--index-url "${TORCH_INDEX}"} -r /tmp/torch.txt

# ONNX Runtime, for those who serve styles that are ONNX files (docs/styles.md).
ARG GRAPHS=no
COPY requirements/graph.txt /tmp/graph.txt
RUN if [ "${GRAPHS}" = yes ]; then \
    /opt/venv/bin/pip install --no-cache-dir --require-hashes -r /tmp/graph.txt; fi

FROM libraries-cpu AS libraries-gpu
COPY requirements/gpu.txt /tmp/gpu.txt
# Without dependencies, for it holds no hash of torch; `check` sees that the two go together.
RUN /opt/venv/bin/pip install --no-cache-dir --no-deps --require-hashes -r /tmp/gpu.txt \
    && /opt/venv/bin/pip check

# hadolint ignore=DL3006  # one of the two stages above, not an image without a tag
FROM libraries-${ACCELERATOR} AS libraries

FROM base
# A real account, for libraries that ask who runs them; without a shell, a home or a right to write.
RUN groupadd --gid 10001 celshade \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent \
        --shell /usr/sbin/nologin celshade
# Before our own code: a change of ours then leaves this layer, by far the largest, as it is.
COPY --from=libraries /opt/venv /opt/venv
WORKDIR /app
COPY common ./common
COPY worker ./worker
# What NVIDIA's container runtime hands in, where there is one: computing, no graphics.
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
USER 10001:10001
STOPSIGNAL SIGTERM
# It serves nothing that could be asked. Its own supervisor starts a dead or stuck process again,
# the job store sees which workers beat, and celshade_workers in the API's /metrics counts them.
HEALTHCHECK NONE
CMD ["python", "-m", "worker"]
