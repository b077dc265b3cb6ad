"""The job store: the truth about every job, changed by atomic scripts in Redis."""
