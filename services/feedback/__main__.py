"""`python -m services.feedback serve|migrate`."""

from servicekit.run import main
from services.feedback.app import wire

if __name__ == "__main__":
    main("feedback", wire)
