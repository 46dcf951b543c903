"""Receipts as the provider calls them back."""

from support.deployments import CALLBACK_SECRET

PATH = f"/callbacks/nxcloud/{CALLBACK_SECRET}/receipt"


def receipt(request_id: str, status: str = "delivered", **more: object) -> dict[str, object]:
    codes = {"success": 0, "failed": 11000, "delivered": 11001, "seen": 11002, "expired": 11003}
    return {"status": status, "requestId": request_id, "code": codes[status], **more}
