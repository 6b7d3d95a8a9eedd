"""The composed stack: the files it needs, its small jobs, and its rehearsal."""
