"""Who may work in the enterprise: operators, what they were granted, roles, sessions and wrong tries."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, text

from fenbu.engine.store.tables import columns

operator = columns.table(
    "operator",
    columns.text("name", primary_key=True),
    columns.text("os_user", null=True, unique=True),  # comes in without login, by the operating system's user
    columns.text("secret", null=True),  # argon2id in the usual form ($argon2id$...), never the secret itself
    columns.big("created_at"),
    columns.big("last_login", null=True),
    columns.big("disabled_at", null=True),
)

operator_grant = columns.table(
    "operator_grant",
    columns.text("operator", ForeignKey("fenbu_operator.name"), primary_key=True),
    columns.text(
        "what", primary_key=True
    ),  # a role, or permissions themselves: erp.*, payments.payment.refund
    columns.text("granted_by"),
    columns.big("at"),
    rowid=False,
)

role = columns.table(
    "role",  # roles that the enterprise has made; those that every enterprise has are in `guard/permissions`
    columns.text("name", primary_key=True),
    columns.text("title"),
    columns.text("permissions"),  # separated by blanks
    columns.big("changed_at"),
    rowid=False,
)

session = columns.table(
    "session",
    columns.text("digest", primary_key=True),  # SHA-256 of the token, which only its holder has
    columns.text("operator", ForeignKey("fenbu_operator.name")),
    columns.big("created_at"),
    columns.big("expires_at"),
    Index(None, "operator"),
    CheckConstraint("expires_at > created_at", name="lasts"),
    rowid=False,
)

login_attempt = columns.table(
    "login_attempt",  # wrong secrets since the last right one; also of names that nobody has
    columns.text("mark", primary_key=True),  # a part of the name's hash: a secret may have been typed for it
    columns.small("count", server_default=text("1")),
    columns.big("last_at"),
    rowid=False,
)
