"""The PostgreSQL server: a database and a role per service."""
