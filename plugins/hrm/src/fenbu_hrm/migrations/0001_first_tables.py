"""Human resources' first tables."""

import sqlalchemy as sa
from alembic import op

from fenbu import migration
from fenbu.tables import Id as big

revision = "0001"
down_revision = None

flag = sa.SmallInteger().with_variant(sa.Integer(), "sqlite")
strict = {"sqlite_strict": True}
keyed = {"sqlite_strict": True, "sqlite_with_rowid": False}


def upgrade() -> None:
    people()
    leave()
    components()
    payrolls()
    rules()


def people() -> None:
    op.create_table(
        "hrm_department",
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("parent", sa.Text, nullable=True),
        sa.Column("cost_centre", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_hrm_department"),
        sa.CheckConstraint("parent <> code", name="ck_hrm_department_parent"),
        sa.CheckConstraint("state IN ('open', 'closed')", name="ck_hrm_department_state"),
        sa.ForeignKeyConstraint(["parent"], ["hrm_department.code"], name="fk_hrm_department_parent"),
        **strict,
    )
    op.create_table(
        "hrm_position",
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_hrm_position"),
        **strict,
    )
    op.create_table(
        "hrm_employee",
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("born", sa.Text, nullable=True),
        sa.Column("national_id", sa.Text, nullable=False),
        sa.Column("bank_account", sa.Text, nullable=False),
        sa.Column("operator", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_hrm_employee"),
        sa.CheckConstraint("state IN ('employed', 'left')", name="ck_hrm_employee_state"),
        **strict,
    )
    op.create_index("ix_hrm_employee_state", "hrm_employee", ["state", "number"])
    op.create_table(
        "hrm_employment",
        sa.Column("employee", sa.Text, nullable=False),
        sa.Column("since", sa.Text, nullable=False),
        sa.Column("ends", sa.Text, nullable=True),
        sa.PrimaryKeyConstraint("employee", "since", name="pk_hrm_employment"),
        sa.CheckConstraint("ends > since", name="ck_hrm_employment_ends"),
        sa.ForeignKeyConstraint(["employee"], ["hrm_employee.number"], name="fk_hrm_employment_employee"),
        **keyed,
    )
    op.create_table(
        "hrm_assignment",
        sa.Column("employee", sa.Text, nullable=False),
        sa.Column("since", sa.Text, nullable=False),
        sa.Column("ends", sa.Text, nullable=True),
        sa.Column("department", sa.Text, nullable=False),
        sa.Column("position", sa.Text, nullable=False),
        sa.Column("fte", big, nullable=False),
        sa.Column("basis", sa.Text, nullable=False),
        sa.Column("pay", big, nullable=False),
        sa.PrimaryKeyConstraint("employee", "since", name="pk_hrm_assignment"),
        sa.CheckConstraint("basis IN ('month', 'hour')", name="ck_hrm_assignment_basis"),
        sa.CheckConstraint("ends > since", name="ck_hrm_assignment_ends"),
        sa.CheckConstraint("fte > 0", name="ck_hrm_assignment_fte"),
        sa.CheckConstraint("pay >= 0", name="ck_hrm_assignment_pay"),
        sa.ForeignKeyConstraint(["department"], ["hrm_department.code"], name="fk_hrm_assignment_department"),
        sa.ForeignKeyConstraint(["position"], ["hrm_position.code"], name="fk_hrm_assignment_position"),
        sa.ForeignKeyConstraint(["employee"], ["hrm_employee.number"], name="fk_hrm_assignment_employee"),
        **keyed,
    )
    op.create_index("ix_hrm_assignment_department", "hrm_assignment", ["department", "since"])


def leave() -> None:
    op.create_table(
        "hrm_holiday",
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("day", name="pk_hrm_holiday"),
        **strict,
    )
    op.create_table(
        "hrm_leave_type",
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("days", big, nullable=False),
        sa.Column("overdraw", flag, nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_hrm_leave_type"),
        sa.CheckConstraint("days >= 0", name="ck_hrm_leave_type_days"),
        **strict,
    )
    op.create_table(
        "hrm_leave_balance",
        sa.Column("employee", sa.Text, nullable=False),
        sa.Column("leave_type", sa.Text, nullable=False),
        sa.Column("year", sa.Integer, nullable=False),
        sa.Column("days", big, nullable=False),
        sa.Column("overdraw", flag, nullable=False),
        sa.PrimaryKeyConstraint("employee", "leave_type", "year", name="pk_hrm_leave_balance"),
        sa.CheckConstraint("days >= 0 OR overdraw = 1", name="ck_hrm_leave_balance_days"),
        sa.ForeignKeyConstraint(["employee"], ["hrm_employee.number"], name="fk_hrm_leave_balance_employee"),
        sa.ForeignKeyConstraint(
            ["leave_type"], ["hrm_leave_type.code"], name="fk_hrm_leave_balance_leave_type"
        ),
        **keyed,
    )
    op.create_table(
        "hrm_leave_entry",
        sa.Column("id", big, nullable=False),
        sa.Column("employee", sa.Text, nullable=False),
        sa.Column("leave_type", sa.Text, nullable=False),
        sa.Column("year", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("days", big, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("entered_at", big, nullable=False),
        sa.Column("entered_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_hrm_leave_entry"),
        sa.CheckConstraint(
            "kind IN ('grant', 'taken', 'returned', 'adjusted')", name="ck_hrm_leave_entry_kind"
        ),
        sa.CheckConstraint(
            "(kind = 'taken') = (days < 0) OR kind = 'adjusted'", name="ck_hrm_leave_entry_sign"
        ),
        sa.ForeignKeyConstraint(
            ["leave_type"], ["hrm_leave_type.code"], name="fk_hrm_leave_entry_leave_type"
        ),
        sa.ForeignKeyConstraint(["employee"], ["hrm_employee.number"], name="fk_hrm_leave_entry_employee"),
        **strict,
    )
    op.create_index("ix_hrm_leave_entry_balance", "hrm_leave_entry", ["employee", "leave_type", "year"])
    op.create_index(
        "uq_hrm_leave_entry_grant",
        "hrm_leave_entry",
        ["employee", "leave_type", "year"],
        unique=True,
        sqlite_where=sa.text("kind = 'grant'"),
        postgresql_where=sa.text("kind = 'grant'"),
    )
    op.create_table(
        "hrm_leave_request",
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("employee", sa.Text, nullable=False),
        sa.Column("leave_type", sa.Text, nullable=False),
        sa.Column("first", sa.Text, nullable=False),
        sa.Column("last", sa.Text, nullable=False),
        sa.Column("half_day", flag, nullable=False),
        sa.Column("days", big, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("requested_at", big, nullable=False),
        sa.Column("requested_by", sa.Text, nullable=False),
        sa.Column("decided_at", big, nullable=True),
        sa.Column("decided_by", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_hrm_leave_request"),
        sa.CheckConstraint("days > 0", name="ck_hrm_leave_request_days"),
        sa.CheckConstraint("last >= first", name="ck_hrm_leave_request_last"),
        sa.CheckConstraint(
            "state IN ('requested', 'approved', 'declined', 'cancelled')", name="ck_hrm_leave_request_state"
        ),
        sa.ForeignKeyConstraint(["employee"], ["hrm_employee.number"], name="fk_hrm_leave_request_employee"),
        sa.ForeignKeyConstraint(
            ["leave_type"], ["hrm_leave_type.code"], name="fk_hrm_leave_request_leave_type"
        ),
        **strict,
    )
    op.create_index("ix_hrm_leave_request_employee", "hrm_leave_request", ["employee", "first"])
    op.create_index("ix_hrm_leave_request_state", "hrm_leave_request", ["state", "number"])
    op.create_table(
        "hrm_leave_days",
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("year", sa.Integer, nullable=False),
        sa.Column("days", big, nullable=False),
        sa.PrimaryKeyConstraint("request", "year", name="pk_hrm_leave_days"),
        sa.CheckConstraint("days > 0", name="ck_hrm_leave_days_days"),
        sa.ForeignKeyConstraint(["request"], ["hrm_leave_request.number"], name="fk_hrm_leave_days_request"),
        **keyed,
    )


def components() -> None:
    op.create_table(
        "hrm_component",
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("owed_to", sa.Text, nullable=False),
        sa.Column("base", sa.Text, nullable=False),
        sa.Column("prorated", flag, nullable=False),
        sa.Column("rank", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_hrm_component"),
        sa.CheckConstraint("kind IN ('earning', 'deduction', 'employer')", name="ck_hrm_component_kind"),
        sa.CheckConstraint("(kind = 'earning') = (owed_to = '')", name="ck_hrm_component_owed"),
        sa.CheckConstraint(
            "owed_to IN ('', 'tax', 'social_security', 'other')", name="ck_hrm_component_owed_to"
        ),
        sa.CheckConstraint(
            "rule IN ('pay', 'fixed', 'percentage', 'employee')", name="ck_hrm_component_rule"
        ),
        **strict,
    )
    op.create_index("uq_hrm_component_rank", "hrm_component", ["rank"], unique=True)
    op.create_table(
        "hrm_component_rate",
        sa.Column("component", sa.Text, nullable=False),
        sa.Column("since", sa.Text, nullable=False),
        sa.Column("rate", big, nullable=True),
        sa.Column("amount", big, nullable=True),
        sa.Column("ceiling", big, nullable=True),
        sa.PrimaryKeyConstraint("component", "since", name="pk_hrm_component_rate"),
        sa.CheckConstraint("amount >= 0", name="ck_hrm_component_rate_amount"),
        sa.CheckConstraint("ceiling >= 0", name="ck_hrm_component_rate_ceiling"),
        sa.CheckConstraint("rate >= 0", name="ck_hrm_component_rate_rate"),
        sa.ForeignKeyConstraint(
            ["component"], ["hrm_component.code"], name="fk_hrm_component_rate_component"
        ),
        **keyed,
    )
    op.create_table(
        "hrm_employee_amount",
        sa.Column("employee", sa.Text, nullable=False),
        sa.Column("component", sa.Text, nullable=False),
        sa.Column("since", sa.Text, nullable=False),
        sa.Column("amount", big, nullable=False),
        sa.PrimaryKeyConstraint("employee", "component", "since", name="pk_hrm_employee_amount"),
        sa.CheckConstraint("amount >= 0", name="ck_hrm_employee_amount_amount"),
        sa.ForeignKeyConstraint(
            ["employee"], ["hrm_employee.number"], name="fk_hrm_employee_amount_employee"
        ),
        sa.ForeignKeyConstraint(
            ["component"], ["hrm_component.code"], name="fk_hrm_employee_amount_component"
        ),
        **keyed,
    )


def payrolls() -> None:
    op.create_table(
        "hrm_payroll",
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("period", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("corrects", sa.Text, nullable=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("employees", sa.Integer, nullable=False),
        sa.Column("gross", big, nullable=False),
        sa.Column("deductions", big, nullable=False),
        sa.Column("employer", big, nullable=False),
        sa.Column("net", big, nullable=False),
        sa.Column("payable", big, nullable=False),
        sa.Column("problem", sa.Text, nullable=False),
        sa.Column("entry", sa.Text, nullable=False),
        sa.Column("posted_on", sa.Text, nullable=True),
        sa.Column("payment", sa.Text, nullable=False),
        sa.Column("payout", sa.Text, nullable=False),
        sa.Column("paid_on", sa.Text, nullable=True),
        sa.Column("opened_at", big, nullable=False),
        sa.Column("opened_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_hrm_payroll"),
        sa.CheckConstraint("(kind = 'correction') = (corrects IS NOT NULL)", name="ck_hrm_payroll_corrects"),
        sa.CheckConstraint("kind IN ('regular', 'correction')", name="ck_hrm_payroll_kind"),
        sa.CheckConstraint("net = gross - deductions", name="ck_hrm_payroll_net"),
        sa.CheckConstraint("payable >= 0", name="ck_hrm_payroll_payable"),
        sa.CheckConstraint(
            "payment IN ('none', 'due', 'requested', 'failed', 'paid')", name="ck_hrm_payroll_payment"
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'calculated', 'reviewed', 'approved', 'reversed', 'discarded')",
            name="ck_hrm_payroll_state",
        ),
        sa.ForeignKeyConstraint(["corrects"], ["hrm_payroll.number"], name="fk_hrm_payroll_corrects"),
        **strict,
    )
    op.create_index("ix_hrm_payroll_day", "hrm_payroll", ["day", "number"])
    op.create_index(
        "uq_hrm_payroll_corrects",
        "hrm_payroll",
        ["corrects"],
        unique=True,
        sqlite_where=sa.text("kind = 'correction' AND state <> 'discarded'"),
        postgresql_where=sa.text("kind = 'correction' AND state <> 'discarded'"),
    )
    op.create_index(
        "uq_hrm_payroll_period",
        "hrm_payroll",
        ["period"],
        unique=True,
        sqlite_where=sa.text("kind = 'regular' AND state NOT IN ('discarded', 'reversed')"),
        postgresql_where=sa.text("kind = 'regular' AND state NOT IN ('discarded', 'reversed')"),
    )
    op.create_table(
        "hrm_payroll_step",
        sa.Column("run", sa.Text, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("verb", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("at", big, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("run", "position", name="pk_hrm_payroll_step"),
        sa.CheckConstraint(
            "verb IN ('open', 'calculate', 'correct', 'review', 'approve', 'discard')",
            name="ck_hrm_payroll_step_verb",
        ),
        sa.ForeignKeyConstraint(["run"], ["hrm_payroll.number"], name="fk_hrm_payroll_step_run"),
        **keyed,
    )
    op.create_table(
        "hrm_payslip",
        sa.Column("run", sa.Text, nullable=False),
        sa.Column("employee", sa.Text, nullable=False),
        sa.Column("gross", big, nullable=False),
        sa.Column("deductions", big, nullable=False),
        sa.Column("employer", big, nullable=False),
        sa.Column("net", big, nullable=False),
        sa.Column("payable", big, nullable=False),
        sa.PrimaryKeyConstraint("run", "employee", name="pk_hrm_payslip"),
        sa.CheckConstraint("net = gross - deductions", name="ck_hrm_payslip_net"),
        sa.CheckConstraint("payable >= 0", name="ck_hrm_payslip_payable"),
        sa.ForeignKeyConstraint(["run"], ["hrm_payroll.number"], name="fk_hrm_payslip_run"),
        sa.ForeignKeyConstraint(["employee"], ["hrm_employee.number"], name="fk_hrm_payslip_employee"),
        **keyed,
    )
    op.create_index("ix_hrm_payslip_employee", "hrm_payslip", ["employee", "run"])
    op.create_table(
        "hrm_payslip_line",
        sa.Column("run", sa.Text, nullable=False),
        sa.Column("employee", sa.Text, nullable=False),
        sa.Column("line", sa.Integer, nullable=False),
        sa.Column("component", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("owed_to", sa.Text, nullable=False),
        sa.Column("department", sa.Text, nullable=False),
        sa.Column("cost_centre", sa.Text, nullable=False),
        sa.Column("days", sa.Integer, nullable=False),
        sa.Column("of_days", sa.Integer, nullable=False),
        sa.Column("amount", big, nullable=False),
        sa.PrimaryKeyConstraint("run", "employee", "line", name="pk_hrm_payslip_line"),
        sa.CheckConstraint("days >= 0 AND days <= of_days", name="ck_hrm_payslip_line_days"),
        sa.CheckConstraint("kind IN ('earning', 'deduction', 'employer')", name="ck_hrm_payslip_line_kind"),
        sa.CheckConstraint(
            "owed_to IN ('', 'tax', 'social_security', 'other')", name="ck_hrm_payslip_line_owed_to"
        ),
        sa.ForeignKeyConstraint(["run"], ["hrm_payroll.number"], name="fk_hrm_payslip_line_run"),
        sa.ForeignKeyConstraint(["component"], ["hrm_component.code"], name="fk_hrm_payslip_line_component"),
        sa.ForeignKeyConstraint(["employee"], ["hrm_employee.number"], name="fk_hrm_payslip_line_employee"),
        sa.ForeignKeyConstraint(
            ["department"], ["hrm_department.code"], name="fk_hrm_payslip_line_department"
        ),
        **keyed,
    )


def rules() -> None:
    """What must hold whoever writes."""
    for table in ("hrm_leave_entry", "hrm_leave_days", "hrm_payroll_step"):
        migration.append_only(table)
    for table in ("hrm_department", "hrm_employee", "hrm_employment", "hrm_leave_request", "hrm_payroll"):
        migration.refuse_delete(table)
    no_overlap("hrm_employment")
    no_overlap("hrm_assignment")
    approved = "(SELECT state FROM hrm_payroll WHERE number = OLD.run) IN ('approved', 'reversed')"
    for table in ("hrm_payslip", "hrm_payslip_line"):
        migration.refuse_update(table, when=approved)
        migration.refuse_delete(table, when=approved)
    migration.refuse(
        "hrm_payroll",
        "approved",
        before="UPDATE OF period, day, employees, gross, deductions, employer, net, payable",
        when="OLD.state IN ('approved', 'reversed')"
        " AND (OLD.period, OLD.day, OLD.employees, OLD.gross, OLD.deductions, OLD.employer, OLD.payable)"
        " <> (NEW.period, NEW.day, NEW.employees, NEW.gross, NEW.deductions, NEW.employer, NEW.payable)",
        message="a payroll that is approved does not change",
    )
    migration.refuse(
        "hrm_payroll",
        "final",
        before="UPDATE OF state",
        when="OLD.state IN ('approved', 'reversed', 'discarded') AND NEW.state <> OLD.state"
        " AND NOT (OLD.state = 'approved' AND NEW.state = 'reversed')",
        message="a payroll that is approved or discarded stays so",
    )


def no_overlap(table: str) -> None:
    """Intervals of one employee do not overlap, whether one comes or another becomes longer."""
    overlapping = (
        f"EXISTS (SELECT 1 FROM {table} AS other WHERE other.employee = NEW.employee"
        " AND other.since <> NEW.since"
        " AND other.since < coalesce(NEW.ends, '9999-12-31') AND NEW.since < coalesce(other.ends, '9999-12-31'))"
    )
    for event, name in (("INSERT", "comes"), ("UPDATE", "grows")):
        migration.refuse(
            table, f"overlap_{name}", after=event, when=overlapping, message=f"intervals of {table} overlap"
        )


def downgrade() -> None:
    for table in (
        "hrm_payslip_line",
        "hrm_payslip",
        "hrm_payroll_step",
        "hrm_payroll",
        "hrm_employee_amount",
        "hrm_component_rate",
        "hrm_component",
        "hrm_leave_days",
        "hrm_leave_request",
        "hrm_leave_entry",
        "hrm_leave_balance",
        "hrm_leave_type",
        "hrm_holiday",
        "hrm_assignment",
        "hrm_employment",
        "hrm_employee",
        "hrm_position",
        "hrm_department",
    ):
        migration.drop_table(table)
