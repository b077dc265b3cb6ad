"""An answer that is a model, as JSON."""

from http import HTTPStatus

from flask import Response
from pydantic import BaseModel


def json_response(body: BaseModel, status: HTTPStatus = HTTPStatus.OK) -> Response:
    """Write a model as the body of an answer.

    Args:
        body: The model.
        status: HTTP status.
    """
    return Response(body.model_dump_json(), status=status, mimetype="application/json")
