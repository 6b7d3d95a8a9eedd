"""What deadlines does: keep facts and judge, decide, watch the clock."""
