"""What the supply chain shows: views, metrics and checks, declared as data for every face."""

from __future__ import annotations

from fenbu_scm.checks import CHECKS
from fenbu_scm.document_views import DOCUMENT_VIEWS
from fenbu_scm.metrics import METRICS
from fenbu_scm.order_views import ORDER_VIEWS
from fenbu_scm.stock_views import STOCK_VIEWS

VIEWS = (*STOCK_VIEWS, *ORDER_VIEWS, *DOCUMENT_VIEWS)

__all__ = ["CHECKS", "METRICS", "VIEWS"]
