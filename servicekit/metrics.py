"""Prometheus metrics that every service has. Labels are bounded: never an id, never a person."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Histogram("http_request_seconds", "Time to answer", ["method", "route", "status"])
PUBLISHED = Counter("events_published_total", "Events acknowledged by their stream", ["type"])
PARKED = Gauge("outbox_parked", "Events set aside because their stream keeps refusing them")
WAITING = Gauge("outbox_waiting", "Events waiting for their stream")
HANDLED = Counter("messages_handled_total", "Messages taken off the bus", ["consumer", "outcome"])
DEAD = Counter("messages_dead_total", "Messages copied to the dead-letter stream", ["consumer", "cause"])
TIMERS = Counter("timers_fired_total", "Timers that did something", ["service"])
