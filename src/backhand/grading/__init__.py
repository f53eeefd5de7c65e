"""Many submissions marked: read as they were exported, marked on all cores, recorded, summed up."""
