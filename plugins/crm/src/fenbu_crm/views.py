"""What CRM shows: views, metrics and checks, declared as data for every face."""

from __future__ import annotations

from fenbu_crm.case_views import CASE_VIEWS
from fenbu_crm.checks import CHECKS
from fenbu_crm.customer_views import CUSTOMER_VIEWS
from fenbu_crm.metrics import METRICS
from fenbu_crm.sales_views import SALES_VIEWS

VIEWS = (*CUSTOMER_VIEWS, *SALES_VIEWS, *CASE_VIEWS)

__all__ = ["CHECKS", "METRICS", "VIEWS"]
