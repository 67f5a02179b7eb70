"""What human resources show: views, metrics and checks, declared as data for every face."""

from __future__ import annotations

from fenbu_hrm.checks import CHECKS
from fenbu_hrm.leave_views import LEAVE_VIEWS
from fenbu_hrm.metrics import METRICS
from fenbu_hrm.payroll_views import PAYROLL_VIEWS
from fenbu_hrm.people_views import PEOPLE_VIEWS

VIEWS = (*PEOPLE_VIEWS, *LEAVE_VIEWS, *PAYROLL_VIEWS)

__all__ = ["CHECKS", "METRICS", "VIEWS"]
