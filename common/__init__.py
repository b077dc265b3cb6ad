"""What the processes agree on: settings, jobs and renders, the job store, storage, queue names."""
