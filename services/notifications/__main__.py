"""`python -m services.notifications serve|migrate`."""

from servicekit.run import main
from services.notifications.app import wire

main("notifications", wire)
