"""实施方案: campaigns, plans, activities, announcements, proofs and reports."""
