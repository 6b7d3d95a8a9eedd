"""One verb a file: learn a campaign, accept an event, send what is due, subscribe a receiver."""
