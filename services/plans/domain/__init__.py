"""What plans may do: pure, `now` passed in. Nothing here knows of a database, a bus or HTTP."""
