"""How the system is put on a machine: the embedded stack, the bus topology, and server configuration."""
