"""The accelerator process: styles, engine, codecs."""
