"""The outside parties: templates on disk, the contacts' owner, the mail server, the front-ends' receivers."""
