"""What all processes share: settings, jobs and renders, the job store, the storage, the queue."""
