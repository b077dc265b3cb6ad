"""The OpenAPI 3.1 document of the service, built from its models and routes.

The path and method of a route come from the application, its bodies and parameters from the models
that validate and serialize them. What no code contains (statuses, headers, descriptions) is in the
`openapi.py` of each feature.
"""
