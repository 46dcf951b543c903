"""JSON as it is signed and sent."""

import json


def json_text(value: object) -> str:
    """Give a value as JSON, all ASCII.

    Other letters are written as JSON escapes, so that nothing on the way that guesses at a charset
    can change what was signed.
    """
    return json.dumps(value, separators=(",", ":"))
