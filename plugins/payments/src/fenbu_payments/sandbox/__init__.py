"""A gateway without money: a small bank with its own record and declared failures, for trying out and for tests.

``python -m fenbu_payments.sandbox FILE`` serves it on loopback; without it the gateway kind ``sandbox`` opens the
file in this process.
"""

UNSIGNED = "sandbox"
"""Key of a sandbox without a secret; it protects nothing, as no money is there."""
