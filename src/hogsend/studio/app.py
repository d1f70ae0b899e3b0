"""Studio as an ASGI application, to be mounted."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Depends, FastAPI

from hogsend.app.client import Client
from hogsend.ops.callers import Callers
from hogsend.ops.sessions import Sessions
from hogsend.studio.access import Admission
from hogsend.studio.assets import assets
from hogsend.studio.faults import install_fault_pages
from hogsend.studio.pages.bucket import bucket_pages
from hogsend.studio.pages.buckets import buckets_pages
from hogsend.studio.pages.events import event_pages
from hogsend.studio.pages.journeys import journey_pages
from hogsend.studio.pages.mail import mail_pages
from hogsend.studio.pages.overview import overview_pages
from hogsend.studio.pages.people import people_pages
from hogsend.studio.pages.records import record_pages
from hogsend.studio.pages.signing import signing_pages
from hogsend.studio.rendering import Studio

PATH: Final = "/studio"

_PAGES: Final = (
    overview_pages,
    buckets_pages,
    bucket_pages,
    people_pages,
    journey_pages,
    event_pages,
    mail_pages,
    record_pages,
)


def create_studio(client: Client, callers: Callers) -> FastAPI:
    """Studio of a client, for ``PATH`` of an application.

    Args:
        client: Made by ``create_client``; whoever mounts this starts and stops it.
        callers: Whose keys open it.
    """
    studio = Studio(client)
    sessions = Sessions(client, callers)
    admission = Admission(client, sessions)
    app = FastAPI(
        openapi_url=None,
        redirect_slashes=False,
        dependencies=[Depends(admission.same_site)],
    )
    install_fault_pages(app, studio)
    app.mount("/static/{digest}", assets())
    app.include_router(signing_pages(studio, sessions, callers))
    inside = APIRouter(dependencies=[Depends(admission.signed_in)])
    for pages in _PAGES:
        inside.include_router(pages(studio))
    app.include_router(inside)
    return app
