"""Logs: one JSON object per line, with the ids of the request, the job and the render."""

import json
import logging
import os
from contextvars import ContextVar
from datetime import UTC, datetime

# Ids of what this thread works on; every line has those that are set.
request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
job_id: ContextVar[str | None] = ContextVar("job_id", default=None)
render_key: ContextVar[str | None] = ContextVar("render_key", default=None)

STDERR = 2
_encode = json.JSONEncoder(default=str).encode  # `dumps` would build one for each line
_CONTEXT = {"request": request_id, "job": job_id, "render": render_key}
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    """Writes a record as one line of JSON; control characters are escaped.

    Args:
        process: Name of the process, on every line.
    """

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON."""
        fields: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "process": self._process,
            "logger": record.name,
            "message": record.getMessage(),
        }
        for name, var in _CONTEXT.items():
            if value := var.get():
                fields[name] = value
        for name, value in vars(record).items():
            if name not in _STANDARD and not name.startswith("_"):
                fields[name] = value
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return _encode(fields)


class LineHandler(logging.Handler):
    """Writes each line with one system call, which keeps lines whole without a lock.

    The usual handler has a lock for writing and flushing; eight busy threads of the API spent a
    twentieth of their time waiting for it. Only a line over 4 KiB, into a full pipe, may be mixed
    with another, as it may be with another process's anyway.

    Args:
        descriptor: Where to write.
    """

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor

    def handle(self, record: logging.LogRecord) -> bool:
        """Write a record unless a filter rejects it, without the lock of the usual handlers."""
        wanted = self.filter(record)
        if isinstance(wanted, logging.LogRecord):  # a filter may return another record
            record = wanted
        if wanted:
            self.emit(record)
        return bool(wanted)

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record; never raises."""
        try:
            line = (self.format(record) + "\n").encode(errors="backslashreplace")
            while line:
                line = line[os.write(self._descriptor, line) :]
        except Exception:
            self.handleError(record)


def configure_logging(process: str, level: str, descriptor: int = STDERR) -> None:
    """Write all logs of this process as JSON lines to a descriptor, standard error by default."""
    handler = LineHandler(descriptor)
    handler.setFormatter(JsonFormatter(process))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # Not shown, so not collected, as the HOWTO of logging proposes.
    logging._srcfile = None  # the HOWTO's own name for it
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging.captureWarnings(True)  # libraries' warnings, too, become lines of JSON
    # At INFO these repeat what our own lines say.
    for noisy in (
        "kombu",
        "amqp",
        "botocore",
        "urllib3",
        "httpcore",  # at DEBUG: whole addresses, which may hold secrets of callers
        "PIL",
        "celery.app.trace",
        "celery.worker.strategy",
    ):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))
