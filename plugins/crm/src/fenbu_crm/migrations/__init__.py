"""How the customers' tables came about: one Alembic revision a file, named by its number, newest last."""
