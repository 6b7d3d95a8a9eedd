"""The embedded stack: every server and service as a process of this machine, for development and rehearsals."""
