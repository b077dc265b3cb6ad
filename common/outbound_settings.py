"""Outbound settings: those of webhooks, and of photos fetched by address.

Part of the settings in `common/settings.py`, which alone reads the environment.
"""

from pydantic import Field
from pydantic_settings import BaseSettings

from common.setting_values import Networks, Ports

DAY_S = 24 * 3600


class OutboundSettings(BaseSettings):
    """Which addresses are called, and how long a call may take."""

    # --- Webhooks, and photos by address ---
    webhook_timeout_s: float = Field(
        15.0,
        gt=0,
        le=60,
        description="How long a receiver may take to answer a webhook, from looking up its name to "
        "its status, seconds.",
    )
    webhook_threads: int = Field(
        32,
        ge=1,
        le=256,
        description="Webhooks that a keeper sends at once; one caller has an eighth of them.",
    )
    webhook_log_s: int = Field(
        7 * DAY_S, ge=1, description="Life of a delivery in its caller's log, seconds."
    )
    webhook_log_entries: int = Field(
        1_000, ge=1, le=100_000, description="Most deliveries in a caller's log."
    )
    webhook_overlap_s: int = Field(
        DAY_S,
        ge=0,
        description="How long a rotated secret signs beside the new one, seconds.",
    )
    image_url: bool = Field(
        False,
        description="Fetch photos by `image_url`: the API then calls addresses that its callers "
        "choose, as it does for webhooks.",
    )
    image_url_timeout_s: float = Field(
        30.0, gt=0, le=600, description="How long fetching a photo may take in all, seconds."
    )
    outbound_networks: Networks = Field(
        (),
        description="Networks that webhooks and `image_url` may reach though they are not public, "
        "as `10.1.0.0/16`, separated by commas. Whoever may submit can then call everything there.",
    )
    outbound_ports: Ports = Field(
        (),
        description="Ports that webhooks and `image_url` may use besides 80 and 443, separated by "
        "commas.",
    )
