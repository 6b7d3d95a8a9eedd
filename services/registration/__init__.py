"""报名: sign-up, places, waitlist, check-ins, and the participants' data."""
