"""Many pieces of work on all cores or a cluster, and the SQLite file that records what they gave."""
