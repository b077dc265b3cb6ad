"""The whole service on one machine, from one command."""
