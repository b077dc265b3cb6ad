"""Where the events of a submission go: its `webhook_url`, checked in form.

Who lies behind that address is looked at whenever it is called: names come to mean other addresses.
"""

from werkzeug.wrappers import Request

from api.context.context import Context
from api.submissions.parameters import Parameters
from common.errors import BadTarget, InvalidParam
from common.jobstore.webhooks import WebhookTarget

FIELD = "webhook_url"


def webhook_target(
    parameters: Parameters, request: Request, context: Context
) -> WebhookTarget | None:
    """Return where a submission's events go; None when it names no address.

    Raises:
        InvalidParam: It is no address that would ever be called.
    """
    if parameters.webhook_url is None:
        return None
    try:
        target = context.outbound.read(parameters.webhook_url)
    except BadTarget as error:
        raise InvalidParam(str(error), field=FIELD) from error
    return WebhookTarget(target.url, context.origin_guard.base_url(request))
