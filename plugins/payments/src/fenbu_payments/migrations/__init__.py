"""How the tables of payments came about: one Alembic revision a file, named by its number, newest last."""
