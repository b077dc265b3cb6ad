"""OpenAPI operations of `/v1/webhooks`."""

from http import HTTPStatus

from api.openapi.operation import Content, Operation, Response, Tag
from api.webhooks.schemas import (
    DeliveryBody,
    DeliveryListParameters,
    DeliveryPageBody,
    DisabledAddressesBody,
    EnabledAddressBody,
    WebhookSecretBody,
)

_DELIVERY = (Content(model=DeliveryBody),)
_SECRET = (Content(model=WebhookSecretBody),)

OPERATIONS: dict[str, Operation] = {
    "webhooks.show_secret": Operation(
        id="get_webhook_secret",
        tag=Tag.WEBHOOKS,
        summary="Show what your webhooks are signed with",
        description="Made when it is first asked for, or first needed.",
        responses=(Response(HTTPStatus.OK, "The secret.", _SECRET),),
    ),
    "webhooks.rotate_secret": Operation(
        id="rotate_webhook_secret",
        tag=Tag.WEBHOOKS,
        summary="Change what your webhooks are signed with",
        description="The secret before signs beside the new one for a day; the one before that no "
        "more.",
        responses=(Response(HTTPStatus.OK, "The new secret, and the one before.", _SECRET),),
    ),
    "webhooks.list_deliveries": Operation(
        id="list_webhook_deliveries",
        tag=Tag.WEBHOOKS,
        summary="List what was sent to you",
        description="What is on its way and what has ended, newest first.",
        responses=(Response(HTTPStatus.OK, "A page.", (Content(model=DeliveryPageBody),)),),
        query=DeliveryListParameters,
    ),
    "webhooks.show_delivery": Operation(
        id="get_webhook_delivery",
        tag=Tag.WEBHOOKS,
        summary="Look at a delivery",
        responses=(Response(HTTPStatus.OK, "The delivery, with its last attempts.", _DELIVERY),),
        problems=("not_found",),
    ),
    "webhooks.redeliver": Operation(
        id="redeliver_webhook",
        tag=Tag.WEBHOOKS,
        summary="Send it again, now",
        description="Under the same id, with all its attempts anew.",
        responses=(Response(HTTPStatus.ACCEPTED, "It is on its way.", _DELIVERY),),
        problems=("not_found", "not_retryable"),
    ),
    "webhooks.list_disabled": Operation(
        id="list_disabled_webhook_addresses",
        tag=Tag.WEBHOOKS,
        summary="List addresses that want no more",
        description="Those that answered 410; nothing is sent there.",
        responses=(
            Response(HTTPStatus.OK, "The addresses.", (Content(model=DisabledAddressesBody),)),
        ),
    ),
    "webhooks.enable_address": Operation(
        id="enable_webhook_address",
        tag=Tag.WEBHOOKS,
        summary="Send to an address again",
        responses=(
            Response(HTTPStatus.OK, "It is sent to again.", (Content(model=EnabledAddressBody),)),
        ),
        problems=("not_found",),
    ),
}
