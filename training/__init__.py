"""Training of the built-in styles: photos, teachers, networks, and what becomes of them.

A workshop beside the service: no process of the service imports it. It may use the worker's styles
and networks; it owns how their weights come about.
"""
