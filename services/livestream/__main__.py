"""`python -m services.livestream serve|migrate`."""

from servicekit.run import main
from services.livestream.app import wire

if __name__ == "__main__":
    main("livestream", wire)
