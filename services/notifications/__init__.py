"""通知: tells departments, the office and front-ends what happened, by mail and signed webhook."""
