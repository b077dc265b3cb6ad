"""How the WSGI server treats connections: who may keep a thread waiting, and for how long."""
