"""Secrets of operators: kept only as argon2id hashes, and compared without telling how near a guess was.

Hashing takes a tenth of a second and 64 MB on purpose. The library is imported when somebody logs in.
"""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

from pydantic import SecretStr

from fenbu.errors import FieldProblem, InputInvalid
from fenbu.i18n import _

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST = 8
LONGEST = 1024
TOKEN = "fenbu_"


@cache
def hasher() -> PasswordHasher:
    """Return what hashes: argon2id with the second recommendation of RFC 9106."""
    from argon2 import PasswordHasher

    return PasswordHasher()


def hashed(secret: SecretStr, action: str) -> str:
    """Return the hash by which a secret is recognised.

    Raises:
        InputInvalid: It is too short or too long; the text does not repeat it.
    """
    text = _text(secret)
    if not SHORTEST <= len(text) <= LONGEST:
        problem = _("must have {least} to {most} characters").format(least=SHORTEST, most=LONGEST)
        raise InputInvalid(action, [FieldProblem("secret", problem)])
    return hasher().hash(text)


def fits(known: str | None, secret: SecretStr) -> bool:
    """Say whether a secret is the one behind a hash; takes as long where there is no hash."""
    from argon2.exceptions import Argon2Error, InvalidHashError

    try:
        hasher().verify(known or _nobodys(), _text(secret)[: LONGEST + 1])
    except (Argon2Error, InvalidHashError):
        return False
    return known is not None


def new_token() -> str:
    """Return a token that nobody can guess: 256 bits of chance."""
    return TOKEN + secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """Return by what a token is found; the token itself is not kept."""
    return hashlib.sha256(token.encode()).hexdigest()


def _text(secret: SecretStr) -> str:
    """Return a secret as it is hashed, however it was typed or its file ends."""
    return unicodedata.normalize("NFC", secret.get_secret_value()).strip()


@cache
def _nobodys() -> str:
    return hasher().hash(secrets.token_urlsafe(32))
