"""HTTP in and out; no business state."""
