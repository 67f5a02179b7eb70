"""ERP for fenbu: items, accounts, orders, invoices and the ledger."""
