"""`python -m services.registration serve|migrate`."""

from servicekit.run import main
from services.registration.app import wire

if __name__ == "__main__":
    main("registration", wire)
