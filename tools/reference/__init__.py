"""Generators of documentation pages whose source is the code."""
