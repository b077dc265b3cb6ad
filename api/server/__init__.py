"""The WSGI server: who may keep a thread waiting, for how long, and how connections end."""
