"""Examples that the OpenAPI document shows, of one verification from start to proof."""

VERIFICATION_ID = "q3V0c2VydmljZS1leGFtcGxlLWlkLTAwMDAw"

ONLY_A_NUMBER = {"phone": "+380671234567"}

EVERYTHING_SAID = {
    "phone": "067 123 45 67",
    "country": "UA",
    "purpose": "payment",
    "locale": ["uk-UA", "en"],
    "message": {"business_name": "Example Bank", "reason": "a payment"},
    "client_ip": "203.0.113.7",
    "context": {"amount": "250.00 UAH", "payee": "UA903052992990004149123456789"},
}

STARTED = {
    "verification_id": VERIFICATION_ID,
    "status": "pending",
    "purpose": "login",
    "phone": "+380*******67",
    "channel": "viber",
    "template_id": 2,
    "language": "uk",
    "language_reason": "country",
    "delivery": "accepted",
    "expires_at": "2026-01-01T12:05:00.000Z",
    "expires_in": 300,
    "resend_at": "2026-01-01T12:00:30.000Z",
    "resend_in": 30,
    "attempts_left": 5,
    "sends_left": 2,
    "message_unused": [],
}

TYPED = {"verification_id": VERIFICATION_ID, "code": "123 456"}

APPROVED = {
    "verification_id": VERIFICATION_ID,
    "status": "approved",
    "purpose": "login",
    "phone": "+380671234567",
    "proof": "InEzVjBjMlZ5ZG1salpTIg.c2lnbmF0dXJl",
    "proof_expires_in": 600,
}

CANCELED = {"verification_id": VERIFICATION_ID, "status": "canceled"}

SEEN = STARTED | {
    "expires_in": 281,
    "resend_in": 11,
    "verified_channel": None,
    "deliveries": [
        {
            "channel": "viber",
            "template_id": 2,
            "language": "uk",
            "state": "seen",
            "sent_at": "2026-01-01T12:00:00.000Z",
            "delivered_at": "2026-01-01T12:00:01.250Z",
            "seen_at": "2026-01-01T12:00:04.500Z",
            "failed_at": None,
            "expired_at": None,
        }
    ],
}

PROOF = {"proof": APPROVED["proof"], "consume": True}

ACTIVE_PROOF = {
    "active": True,
    "verification_id": VERIFICATION_ID,
    "phone": "+380671234567",
    "purpose": "login",
    "application": "shop",
    "verified_at": "2026-01-01T12:00:19.000Z",
}

INACTIVE_PROOF = {"active": False}
