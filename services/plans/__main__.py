"""`python -m services.plans serve|migrate`."""

from servicekit.run import main
from services.plans.app import wire

if __name__ == "__main__":
    main("plans", wire)
