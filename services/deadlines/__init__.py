"""期限与违规: what is owed when, what lapsed, and what became of it."""
