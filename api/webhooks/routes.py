"""`/v1/webhooks`: deliveries, signing secrets, and disabled addresses of a caller."""

import re
from http import HTTPStatus

from flask import Blueprint, Response

from api.context.context import current_caller, current_context, require_jobs_caller
from api.http.ids import checked_id
from api.http.json_response import json_response
from api.http.request_options import unique_query
from api.webhooks.schemas import (
    DELIVERY_ID,
    DeliveryBody,
    DeliveryListParameters,
    DeliveryPageBody,
    DisabledAddressBody,
    DisabledAddressesBody,
    EnabledAddressBody,
    WebhookSecretBody,
)
from common.errors import NotFound

v1 = Blueprint("webhooks", __name__, url_prefix="/v1/webhooks")
v1.before_request(require_jobs_caller)

_DELIVERY = re.compile(DELIVERY_ID)


@v1.get("/secret")
def show_secret() -> Response:
    """Show the secrets that sign the caller's webhooks."""
    return _secret(
        WebhookSecretBody.of(current_context().store.webhooks.secrets(current_caller().name))
    )


@v1.post("/secret/rotate")
def rotate_secret() -> Response:
    """Create a new secret; the former one signs too for a while."""
    return _secret(
        WebhookSecretBody.of(current_context().store.webhooks.rotate(current_caller().name))
    )


@v1.get("/deliveries")
def list_deliveries() -> Response:
    """List the deliveries of the caller, pending ones included, newest first."""
    query = DeliveryListParameters.parse(unique_query())
    page = current_context().store.webhooks.page(
        current_caller().name, cursor=query.cursor, limit=query.limit
    )
    return json_response(DeliveryPageBody.of(page))


@v1.get("/deliveries/<delivery>")
def show_delivery(delivery: str) -> Response:
    """Show one delivery with its attempts."""
    return _delivery(_checked(delivery))


@v1.post("/deliveries/<delivery>/redeliver")
def redeliver(delivery: str) -> Response:
    """Send an event again, now."""
    current_context().store.webhooks.redeliver(_checked(delivery), current_caller().name)
    return _delivery(delivery, HTTPStatus.ACCEPTED)


@v1.get("/disabled")
def list_disabled() -> Response:
    """List the addresses that answered 410."""
    found = current_context().store.webhooks.disabled(current_caller().name)
    return json_response(
        DisabledAddressesBody(data=[DisabledAddressBody.of(each) for each in found])
    )


@v1.post("/disabled/<address_id>/enable")
def enable_address(address_id: str) -> Response:
    """Send to an address again."""
    current_context().store.webhooks.enable(
        checked_id(address_id, "disabled address"), current_caller().name
    )
    return json_response(EnabledAddressBody(enabled=address_id))


def _checked(delivery_id: str) -> str:
    """Return the id of a delivery if it is well-formed.

    Raises:
        NotFound: It is malformed; no lookup is needed.
    """
    if not _DELIVERY.fullmatch(delivery_id):
        raise NotFound("There is no such delivery.")
    return delivery_id


def _delivery(delivery_id: str, status: HTTPStatus = HTTPStatus.OK) -> Response:
    webhook = current_context().store.webhooks.view(delivery_id, current_caller().name)
    return json_response(DeliveryBody.of(webhook), status)


def _secret(body: WebhookSecretBody) -> Response:
    response = json_response(body)
    response.headers["Cache-Control"] = "no-store"
    return response
