"""The NATS server: its configuration, made from the topology."""
