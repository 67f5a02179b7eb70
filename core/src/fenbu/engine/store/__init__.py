"""The store: one enterprise's database, the kernel's tables in it, and migrations.

`database` opens it and hands out connections; `dialects` holds what differs between SQLite and
PostgreSQL; `gate` lets one process write at a time on SQLite; `tables` and `history` are the kernel's
tables and how they came about; `migrations` runs any module's history and `versions` says where it is kept
how far; `infrastructure` tells a failure of the machine from a failure of the work.
"""
