"""What Celshade does on a machine, measured: each figure beside its floor, within one run."""
