"""The service's own description in OpenAPI 3.1: made of the models and of the routes themselves.

A route's path and method come from the application, its bodies and parameters from the models that
validate and shape them; what no code says (statuses, headers, sentences) stands beside each other
in one module for each module of `api/routes`.
"""
