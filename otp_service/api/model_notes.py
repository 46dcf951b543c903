"""How models of bodies appear in the OpenAPI document beyond their fields."""

from typing import Any, cast

from pydantic import ConfigDict

_NULL = {"type": "null"}


def leave_null_out(schema: dict[str, Any]) -> None:
    """Take null out of a model's schema: inside it means "not given", outside that is left out."""
    for member in schema["properties"].values():
        if member.get("default", ...) is None:
            del member["default"]
            choices = [choice for choice in member.pop("anyOf") if choice != _NULL]
            member.update(choices[0] if len(choices) == 1 else {"anyOf": choices})


def shown(*, description: str | None = None, **examples: Any) -> ConfigDict:
    """Give a model's configuration with what is said of the body that it describes.

    Args:
        description: of a reply; a request's body is described by its operation.
        examples: whole bodies, by name.
    """
    extra: dict[str, Any] = {"examples": {name: {"value": body} for name, body in examples.items()}}
    if description:
        extra["description"] = description
    # flask-openapi3 reads a key of its own from pydantic's configuration.
    return cast("ConfigDict", {"openapi_extra": extra})
