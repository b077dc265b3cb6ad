"""The query of a request."""

from flask import request

from common.errors import MalformedRequest


def query_once() -> dict[str, str]:
    """The query's parameters, each of which may come once."""
    for values in request.args.to_dict(flat=False).values():
        if len(values) > 1:
            raise MalformedRequest("A parameter was sent twice; send each once.")
    return request.args.to_dict()
