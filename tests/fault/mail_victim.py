"""Sends one mail, and is killed before it can record that: DSN URL TEMPLATES."""

from __future__ import annotations

import asyncio
import sys

from tests.world import START

from hogsend.db.pool import create_pool
from hogsend.email.mailer import Mailer
from hogsend.email.model import Mail
from hogsend.email.providers.resend import Resend
from hogsend.email.templates import Templates


async def main(dsn, url, templates):
    pool = await create_pool(dsn)
    mailer = Mailer(pool=pool, templates=Templates(templates), provider=Resend("k", url=url))
    mail = Mail(template="hello", to="ann@example.com", subject="S", props={"name": "Ann"})
    await mailer.send(mail, key="k", now=START)


asyncio.run(main(*sys.argv[1:]))
