"""通知的规则: who is told what, and what an outcome means. Pure."""
