"""How human resources' tables came about: one Alembic revision a file, named by its number, newest last."""
