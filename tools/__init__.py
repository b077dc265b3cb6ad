"""Scripts for developers of Celshade; nothing of the service imports them."""
