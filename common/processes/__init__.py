"""Child processes: started, supervised, found by pid files, and ended with their parent."""
