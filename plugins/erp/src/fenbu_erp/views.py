"""What ERP shows: views, metrics and checks, declared as data for every face."""

from __future__ import annotations

from fenbu_erp.checks import CHECKS
from fenbu_erp.ledger_views import LEDGER_VIEWS
from fenbu_erp.master_views import MASTER_VIEWS
from fenbu_erp.metrics import METRICS
from fenbu_erp.sales_views import SALES_VIEWS

VIEWS = (*SALES_VIEWS, *MASTER_VIEWS, *LEDGER_VIEWS)

__all__ = ["CHECKS", "METRICS", "VIEWS"]
