"""JSON responses: a model as the body."""

from http import HTTPStatus

from flask import Response
from pydantic import BaseModel


def json_response(body: BaseModel, status: HTTPStatus = HTTPStatus.OK) -> Response:
    """Build a response with a model as its JSON body.

    Args:
        body: The model.
        status: HTTP status.
    """
    return Response(body.model_dump_json(), status=status, mimetype="application/json")
