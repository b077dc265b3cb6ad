"""How the WSGI server treats connections: who may keep a thread waiting, and for how long."""

# In the environ: a function that tells whether this process is stopping, for handlers that wait.
STOPPING = "celshade.stopping"
