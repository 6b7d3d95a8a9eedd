"""`python -m services.deadlines serve|migrate`."""

from servicekit.run import main
from services.deadlines.app import wire

if __name__ == "__main__":
    main("deadlines", wire)
