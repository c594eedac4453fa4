"""Validation against a JSON schema, with errors that name the key, the value and the fix."""

import difflib
import functools
import math
from collections.abc import Mapping
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

# JSON schema takes 64.0 for an integer, and YAML can write .nan and .inf: both are refused here.
_Validator = extend(
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine_many(
        {
            "integer": lambda _, value: isinstance(value, int) and not isinstance(value, bool),
            "number": lambda _, value: (
                isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
            ),
        }
    ),
)

# Keys of version 0.1.
RENAMED = {
    "windows_per_track": ("segments_per_track",),
    "train_share": ("train_fraction",),
    "sharpness": ("inverse_temperature",),
    "activation": ("target_sparsity",),
    "unnamed": ("unknown_artist",),
    "repeats": ("duplicates", "n_duplicates"),
}
_INSTEAD_OF_SAME_SPLITS = (
    "write the kind and the other split settings of the protocol whose splits it has: protocols with equal split "
    "settings share splits and runs, and differ in `models` and `seeds`."
)
# Keys without a successor, by section: what to write instead.
_REMOVED = {
    ("protocols", "of"): _INSTEAD_OF_SAME_SPLITS,
    ("models", "rival"): "remove it, and name in protocols.*.models the models of a protocol that is not to run all.",
}


@functools.cache
def read_schema(path: str) -> Any:
    """Read a JSON schema that is written as YAML."""
    with open(path, encoding="utf-8") as file:
        return yaml.safe_load(file)


def schema_error(values: Mapping[str, Any], schema: Mapping[str, Any]) -> str | None:
    """Return a sentence on the outermost mistake in values, or None.

    Parameters
    ----------
    values : mapping
        The configuration, or a part of it below the same keys.
    schema : mapping
        JSON schema; its descriptions say how to fix a value.

    Returns
    -------
    str or None
        The key, the value, what is wrong with it and the fix.
    """
    errors = sorted(_Validator(schema).iter_errors(dict(values)), key=lambda error: len(error.path))
    return _sentence(errors[0]) if errors else None


def _sentence(error: ValidationError) -> str:
    """Describe the error of one key or value, and the fix."""
    place = ".".join(str(part) for part in error.absolute_path)
    if error.validator == "additionalProperties" and isinstance(error.instance, Mapping):
        known = error.schema.get("properties", {})
        unknown = next(key for key in error.instance if key not in known)
        if instead := _REMOVED.get((place.partition(".")[0], str(unknown))):
            return f"The configuration has the key '{_join(place, unknown)}', which is no longer one; {instead}"
        renamed = [new for new in RENAMED.get(str(unknown), ()) if new in known]
        close = renamed or difflib.get_close_matches(str(unknown), known, n=1)
        fix = f"did you mean '{close[0]}'?" if close else f"known here: {', '.join(known)}."
        return f"The configuration has an unknown key '{_join(place, unknown)}'; {fix}"
    if error.validator == "required":
        missing = next(key for key in error.validator_value if key not in error.instance)
        return f"The configuration lacks the key '{_join(place, missing)}'; set it as in config.yaml."
    if error.validator == "enum" and error.instance == "same_splits":
        return f"The configuration sets {place} to 'same_splits', which is no longer a kind; {_INSTEAD_OF_SAME_SPLITS}"
    meaning = error.schema.get("description") if isinstance(error.schema, Mapping) else None
    fix = f" {meaning}" if meaning else ""
    if "propertyNames" in error.absolute_schema_path:
        return f"The configuration has the key {error.instance!r} in {place}, which {_rule(error)}.{fix}"
    if error.validator == "type" and isinstance(error.instance, str) and not _is_text(error.instance):
        fix += " (--config reads what is nested as text: put it in a file and name that with --configfile.)"
    return f"The configuration sets {place} to {error.instance!r}, which {_rule(error)}.{fix}"


def _rule(error: ValidationError) -> str:
    """Describe the rule that a value breaks."""
    bound = error.validator_value
    rules = {
        "minimum": f"is below {bound}",
        "exclusiveMinimum": f"is not above {bound}",
        "maximum": f"is above {bound}",
        "exclusiveMaximum": f"is not below {bound}",
        "type": f"is not of type {' or '.join([bound] if isinstance(bound, str) else bound)}"
        if error.validator == "type"
        else "",
        "enum": f"is not one of {', '.join(map(str, bound))}" if error.validator == "enum" else "",
        "uniqueItems": "names a value twice",
        "minItems": f"has fewer than {bound} items",
        "maxItems": f"has more than {bound} items",
        "multipleOf": f"is not a multiple of {bound}",
        "pattern": f"does not match {bound}",
    }
    return rules.get(str(error.validator)) or f"cannot be used ({error.message})"


def _is_text(value: str) -> bool:
    return isinstance(yaml.safe_load(value), str)


def _join(place: str, key: object) -> str:
    return f"{place}.{key}" if place else str(key)
