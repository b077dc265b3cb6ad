"""The engine: models on a device, and how photos get through them."""
