"""Which gateways can move money, and which notices of theirs have found their payment."""

from __future__ import annotations

from sqlalchemy import select

from fenbu.completeness import SHOWN, Completeness, Counted, counted
from fenbu.i18n import N_
from fenbu.work import Work
from fenbu_payments import gateways
from fenbu_payments.lifecycles import NoticeState
from fenbu_payments.settings import PaymentsSettings
from fenbu_payments.tables import NOTICE

_NOTICES = select(NOTICE.c.number).where(NOTICE.c.state != NoticeState.DISMISSED)


def gateways_keyed(work: Work) -> Counted:
    """Count the gateways that have their secret, as far as they need one."""
    settings = work.settings(PaymentsSettings)
    machines = [one.name for one in settings.gateways if not gateways.find(settings, one.name).by_hand]
    keyless = sorted(set(machines) - set(settings.secrets))
    return Counted(len(settings.gateways), len(settings.gateways) - len(keyless), keyless[:SHOWN])


def notices_placed(work: Work) -> Counted:
    """Count the notices that were applied to a payment."""
    return counted(work, _NOTICES, NOTICE.c.state != NoticeState.APPLIED)


COMPLETENESS = (
    Completeness(
        name="payments.gateways_keyed",
        title=N_("Gateways with their secret"),
        definition=N_(
            "Of the gateways in the settings, those that are worked by hand or have the reference of a secret."
        ),
        count=gateways_keyed,
        drill="fenbu.settings",
        repair=N_("fenbu settings set payments.secrets"),
    ),
    Completeness(
        name="payments.notices_placed",
        title=N_("Notices with a payment"),
        definition=N_(
            "Of what gateways have told and nobody has dismissed, what belongs to a payment that we know."
        ),
        count=notices_placed,
        drill="payments.inbox",
        repair=N_("fenbu do payments.payment.accept, or fenbu do payments.notice.dismiss"),
    ),
)
