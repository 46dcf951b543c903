"""The rate-limit fields of a refusal: which limit it was, and when there is room again.

Source:
    draft-ietf-httpapi-ratelimit-headers-10: ``RateLimit-Policy`` with ``q`` (quota) and ``w``
    (window, seconds), ``RateLimit`` with ``r`` (what is left) and ``t`` (seconds until there is
    more). RFC 9651 sections 3.1 and 3.3.3: lists, and strings.
"""

from datetime import timedelta

from otp_service.errors import Quota, RetryLater, TooManyRequests

POLICY_HEADER = "RateLimit-Policy"
LIMIT_HEADER = "RateLimit"


def rate_limit_headers(error: RetryLater, *, retry_after: int) -> dict[str, str]:
    """Give the fields that name the limit behind a refusal; none where no limit is.

    A limit's name, its quota and its window are all that is told: neither whose counter it is nor
    what others have used.

    Args:
        retry_after: whole seconds, as the reply's ``Retry-After``.
    """
    headers: dict[str, str] = {}
    quota, name = error.quota, None
    if quota is not None:
        name = quota.name
        headers[POLICY_HEADER] = _policy(quota)
    elif isinstance(error, TooManyRequests):
        name = error.budget
    if name is not None:
        headers[LIMIT_HEADER] = f'"{name}";r=0;t={retry_after}'
    return headers


def _policy(quota: Quota) -> str:
    window = quota.window // timedelta(seconds=1) if quota.window else None
    return f'"{quota.name}";q={quota.limit}' + (f";w={window}" if window else "")
