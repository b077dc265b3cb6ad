"""The Celery application: its configuration, for senders and consumers of hints.

The figures are explained in docs/adr/0001-job-store-is-the-truth.md.
"""

from importlib.metadata import version

from celery import Celery

from common.errors import ConfigurationError
from common.jobstore.redis_keys import PREFIX
from common.settings import Settings

MIN_KOMBU = (5, 7)
CONSUMER_TIMEOUT_S = 5.0
CONSUMER_CONNECT_TIMEOUT_S = 2.0

# kombu's options for connecting: one more try at once, then fail. By default it blocks for six
# seconds when the broker refuses connections.
FAIL_FAST = {"max_retries": 1, "interval_start": 0, "interval_step": 0, "interval_max": 0}


def make_celery(settings: Settings, *, publish_timeout_s: float | None = None) -> Celery:
    """Make the Celery application of a process.

    Args:
        settings: Where the broker is.
        publish_timeout_s: Longest wait of one broker call for a process that only publishes: it
            fails fast. None for a consumer, which waits for its broker without a limit.

    Raises:
        ConfigurationError: kombu is too old to restore messages in bounded time.
    """
    found = version("kombu")
    if tuple(int(part) for part in found.split(".")[:2]) < MIN_KOMBU:
        raise ConfigurationError(f"kombu {found} is too old; install kombu >= 5.7.")
    app = Celery("celshade", broker=settings.effective_broker_url, set_as_current=False)
    app.conf.update(
        task_acks_late=True,  # an orderly stop gives hints back
        task_acks_on_failure_or_timeout=True,  # a failure is recorded in the store, never requeued
        task_ignore_result=True,
        result_backend=None,
        task_serializer="json",
        accept_content=["json"],
        task_create_missing_queues=False,  # names come from hints.queue_of: a typo must fail
        task_publish_retry=False,  # fail fast in the request; the keeper tops hints up
        task_send_sent_event=False,
        worker_send_task_events=False,
        worker_prefetch_multiplier=1,
        worker_enable_remote_control=False,  # with it a worker exits when Redis goes away
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_hijack_root_logger=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_channel_error_retry=True,  # Redis at its memory limit is an outage like any other
        broker_transport_options={
            "visibility_timeout": 900,  # longer than any job; the lease gives the speed
            "unacked_restore_interval": 10,
            "unacked_restore_throttle": 1,
            "unacked_mutex_expire": 10,
            "socket_timeout": publish_timeout_s or CONSUMER_TIMEOUT_S,
            "socket_connect_timeout": publish_timeout_s or CONSUMER_CONNECT_TIMEOUT_S,
            "socket_keepalive": True,
            "health_check_interval": 25,
            "global_keyprefix": PREFIX,
            "body_encoding": None,  # JSON stays JSON: Base64 would be a third more memory
            **(FAIL_FAST if publish_timeout_s else {}),
        },
    )
    return app
