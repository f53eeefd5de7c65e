"""Many networks at once: every choice of settings and seeds, on all cores or a cluster, recorded."""
