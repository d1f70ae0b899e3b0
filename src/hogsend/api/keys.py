"""API keys and the audit log over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request
from pydantic import BeforeValidator, Field

from hogsend.api.asking import Actor, PageQuery
from hogsend.api.body import read_model
from hogsend.api.openapi import takes
from hogsend.app.client import Client
from hogsend.events.parse import parse_instant
from hogsend.ops.audit import AuditLogs, list_actions
from hogsend.ops.keys import (
    ApiKey,
    ApiKeys,
    NewApiKey,
    Scope,
    create_key,
    list_keys,
    revoke_key,
)
from hogsend.ops.record import Record

KeyId = Annotated[UUID, Path(alias="id", description="The key's id.")]


class KeyOrder(Record):
    """The key to make."""

    name: str = Field(
        min_length=1, max_length=100, pattern=r"^[^\x00]*$", description="Whose it is, or what for."
    )
    scope: Scope
    expires_at: Annotated[
        datetime | None,
        BeforeValidator(lambda value: value and parse_instant("expiresAt", value)),
    ] = Field(default=None, description="From then on it opens nothing.")


class KeyRevoked(Record):
    """A key that opens nothing any more."""

    api_key: ApiKey


def key_routes(client: Client) -> APIRouter:
    """Making, listing and revoking keys; it takes ``full-admin``."""
    router = APIRouter(prefix="/v1/admin/api-keys", tags=["Keys and audit"])

    @router.get("", summary="List API keys")
    async def list_(page: PageQuery) -> ApiKeys:
        """Keys, newest first; of each the first characters only."""
        return await list_keys(client.engine.reads, page)

    @router.post("", status_code=201, summary="Make an API key", openapi_extra=takes(KeyOrder))
    async def create(request: Request, actor: Actor) -> NewApiKey:
        """The answer shows the key this once; its hash is all that is stored."""
        order = await read_model(request, KeyOrder)
        return await create_key(
            client.engine.pool,
            name=order.name,
            scope=order.scope,
            expires_at=order.expires_at,
            actor=actor,
            now=client.clock.now(),
        )

    @router.delete("/{id}", summary="Revoke an API key")
    async def revoke(key_id: KeyId, actor: Actor) -> KeyRevoked:
        """It opens nothing from now on, in any process. It stays listed."""
        revoked = await revoke_key(
            client.engine.pool, str(key_id), actor=actor, now=client.clock.now()
        )
        return KeyRevoked(api_key=revoked)

    return router


def audit_routes(client: Client) -> APIRouter:
    """Who did what."""
    router = APIRouter(prefix="/v1/admin/audit-logs", tags=["Keys and audit"])

    @router.get("", summary="Read the audit log")
    async def list_(page: PageQuery) -> AuditLogs:
        """What operators did, newest first."""
        return await list_actions(client.engine.reads, page)

    return router
