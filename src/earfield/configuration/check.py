"""Checks of the configuration; each error names the key, the value and the fix."""

import difflib
import functools
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn

from earfield.configuration.code_dependencies import constant, module_file, module_names, options_of
from earfield.configuration.null_models import NULL_KERNELS, is_control
from earfield.configuration.run_grid import (
    can_tag,
    estimates_receptive_fields,
    keeps_artists_apart,
    model_settings,
    models_of,
    needs_one_label,
    networks,
    protocols_of,
    splits_of,
    task_of,
)
from earfield.configuration.schema import RENAMED, read_schema, schema_error
from earfield.errors import ConfigError


def check_config(config: Mapping[str, Any], schema_path: str | os.PathLike[str]) -> None:
    """Check a configuration against its schema and against itself.

    Parameters
    ----------
    config : mapping
        As read from YAML and the command line.
    schema_path : path-like
        JSON schema, as YAML.

    Raises
    ------
    ConfigError
        At the first invalid key or value.
    """
    error = schema_error(config, read_schema(os.fspath(schema_path)))
    if error:
        raise ConfigError(error)
    _check_dataset(config)
    _check_models(config)
    _check_protocols(config)
    _check_tags(config)
    _check_front_end(config["mel"])
    n_mels, maps = config["mel"]["n_mels"], {}
    for name in networks(config):
        own = model_settings(config, name, config["dataset"])
        conv, context = own["network"]["conv"], own["network"]["context"]
        of_model = f"of the model '{name}'"
        maps[name] = _check_conv("network.conv", conv, of_model, frames=own["segment"]["frames"], n_mels=n_mels)
        if context:
            _check_conv("network.context.conv", context["conv"], of_model, frames=context["frames"], n_mels=n_mels)
    _check_shown(config, maps[config["figures"]["model"]])
    overrides = {f"datasets.{name}.train": dataset.get("train", {}) for name, dataset in config["datasets"].items()}
    overrides |= {f"models.{name}.train": model.get("train", {}) for name, model in config["models"].items()}
    for place, train in {"train": config["train"], **overrides}.items():
        optimizer = train.get("optimizer", {})
        if "momentum" in optimizer and optimizer["name"] != "sgd":
            raise ConfigError(f"{place}.optimizer.momentum goes with sgd, not with '{optimizer['name']}'; remove it.")


def _refuse(key: str, value: object, why: str) -> NoReturn:
    raise ConfigError(f"The configuration sets {key} to {value!r}, {why}")


def _those(known: Iterable[str]) -> str:
    return f"those are {', '.join(known)}."


def _check_path(key: str, path: str | None) -> None:
    if path and not os.path.exists(os.path.expanduser(path)):
        _refuse(key, path, "which does not exist; correct it.")


def _check_dataset(config: Mapping[str, Any]) -> None:
    name, known = config["dataset"], config["datasets"]
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        fix = f"did you mean '{close[0]}'?" if close else _those(known)
        _refuse("dataset", name, f"which is no key of datasets; {fix}")
    key = "path" if known[name]["source"] == "files" else "archive"
    _check_path(f"datasets.{name}.{key}", known[name].get(key))


def _check_models(config: Mapping[str, Any]) -> None:
    for name, model in config["models"].items():
        if "module" in model:
            _check_module(name, model)
        elif "options" in model:
            raise ConfigError(
                f"The configuration sets models.{name}.options, which go with a module; name one or remove."
            )
    learned = [name for name, model in config["models"].items() if "module" not in model and not is_control(model)]
    fix = _those(learned) if learned else "add one that is."
    for name, model in config["models"].items():
        like = model.get("shuffled_like", learned[0] if learned else None)
        if "shuffled_like" in model and like not in learned:
            _refuse(f"models.{name}.shuffled_like", like, f"which is no network trained on true labels; {fix}")
        if "shuffled_like" in model and any(
            model_settings(config, like, dataset)["train"]["recipe"] == "published_code"
            for dataset in config["datasets"]
        ):
            raise ConfigError(
                f"The configuration sets models.{name}.shuffled_like to '{like}', which is trained with the recipe "
                "'published_code': that keeps the last epoch, and a network on shuffled labels is trained up to the "
                f"best one; name a network with the recipe 'random_segments', or set models.{like}.train.recipe to it."
            )
        if name in NULL_KERNELS:
            raise ConfigError(f"The configuration has the model '{name}', a name that is taken; choose another.")
    for key in ("protocol", "model"):
        value, known = config["figures"][key], config[f"{key}s"]
        if value not in known:
            _refuse(f"figures.{key}", value, f"which is no key of {key}s; {_those(known)}")
    shown = config["figures"]["model"]
    if shown not in learned:
        _refuse("figures.model", shown, f"which is no network trained on true labels; {fix}")


def _check_module(name: str, model: Mapping[str, Any]) -> None:
    """Check that a model's module exists and takes its options, without running it."""
    known = module_names("models")
    if model["module"] not in known:
        _refuse(f"models.{name}.module", model["module"], f"which is no module of earfield.models; {_those(known)}")
    for key in ("train", "network", "segment", "shuffled_like"):
        if key in model:
            raise ConfigError(f"The configuration sets models.{name}.{key}, which goes with networks; remove it.")
    file, options = module_file("models", model["module"]), model.get("options", {})
    wanted, features = options_of(file), constant(file, "FEATURES")
    for key in options:
        if key not in wanted:
            fix = f"it takes {', '.join(wanted)}." if wanted else "it takes none; remove it."
            fix = next((f"did you mean '{new}'?" for new in RENAMED.get(key, ()) if new in wanted), fix)
            raise ConfigError(
                f"The configuration sets models.{name}.options.{key}, which the module does not take; {fix}"
            )
    for key, option in wanted.items():
        if option.required and key not in options:
            raise ConfigError(f"The configuration lacks the key 'models.{name}.options.{key}'; the module needs it.")
    schema: dict[str, Any] = {key: _option_schema(option.annotation) for key, option in wanted.items()}
    for part in ("options", name, "models"):
        schema = {part: {"properties": schema}}
    error = schema_error({"models": {name: dict(model)}}, {"properties": schema})
    if error:
        raise ConfigError(error)
    if features is not None and features not in module_names("features"):
        raise ConfigError(
            f"The module '{model['module']}' of models.{name} names the features '{features}', which are no module of "
            f"earfield.features; {_those(module_names('features'))}"
        )


# Types of options: as annotated, in JSON schema, in words.
_OPTION_TYPES = {
    "int": ("integer", "a whole number", "3"),
    "float": ("number", "a number", "1.0e-3"),
    "bool": ("boolean", "true or false", "true"),
    "str": ("string", "a text", "abc"),
}


def _option_schema(annotation: str) -> dict[str, Any]:
    """Return the JSON schema of an option from its annotation, which takes anything where that is no simple type."""
    match = re.fullmatch(r"(?:Sequence|list|tuple)\[(\w+)(?:, \.\.\.)?\]", annotation)
    kind = match[1] if match else annotation
    if kind not in _OPTION_TYPES:
        return {}
    name, words, example = _OPTION_TYPES[kind]
    if not match:
        return {"type": name, "description": f"Write {words}, such as {example}."}
    fix = f"Write a list, each value of it {words}, such as [{example}]."
    item = {"type": name, "description": fix}
    return {"type": "array", "minItems": 1, "items": item, "description": fix}


def _check_protocols(config: Mapping[str, Any]) -> None:
    for name, dataset in config["datasets"].items():
        for protocol in dataset.get("protocols", []):
            if protocol not in config["protocols"]:
                raise ConfigError(
                    f"The configuration names '{protocol}' in datasets.{name}.protocols, which is no key of protocols; "
                    f"{_those(config['protocols'])}"
                )
            if task_of(config, name) == "artist" and keeps_artists_apart(config["protocols"][protocol]):
                raise ConfigError(
                    f"The configuration names '{protocol}' in datasets.{name}.protocols, which keeps an artist in one "
                    f"subset, and datasets.{name}.task classifies artists; remove either."
                )
    for name, protocol in config["protocols"].items():
        for model in protocol.get("models", []):
            if model not in config["models"]:
                raise ConfigError(
                    f"The configuration names '{model}' in protocols.{name}.models, which is no key of models; "
                    f"{_those(config['models'])}"
                )
        if protocol.get("artists") and "unknown_artist" not in protocol:
            raise ConfigError(
                f"The configuration lacks the key 'protocols.{name}.unknown_artist'; say what to do without one."
            )
        if protocol["kind"] == "file" and not os.path.exists(os.path.expanduser(protocol["path"])):
            _refuse(f"protocols.{name}.path", protocol["path"], "which does not exist; correct it.")
    for model in config["models"]:
        if not any(model in protocol.get("models", config["models"]) for protocol in config["protocols"].values()):
            raise ConfigError(
                f"The configuration has the model '{model}' in models, which no protocol runs; add it to "
                "protocols.*.models where it is to be run, or remove it."
            )
    shown, model = config["figures"]["protocol"], config["figures"]["model"]
    dataset = config["dataset"]
    protocols = protocols_of(config, dataset)
    if shown not in protocols:
        why = f"which is none of the protocols of the dataset '{dataset}'; {_those(protocols)}"
        _refuse("figures.protocol", shown, why)
    if splits_of(config, shown) != shown:
        first = splits_of(config, shown)
        why = (
            f"whose splits and runs are those of '{first}', an earlier protocol with equal split settings; name that, "
            f"and run it too if datasets.{dataset}.protocols does not."
        )
        _refuse("figures.protocol", shown, why)
    if model not in models_of(config, shown, dataset):
        run = _those(models_of(config, shown, dataset))
        _refuse("figures.model", model, f"which is not run under figures.protocol, '{shown}'; {run}")


def _check_tags(config: Mapping[str, Any]) -> None:
    """Check that tags come from columns, and that models and protocols support several tags per track."""
    for name, dataset in config["datasets"].items():
        kind, columns = task_of(config, name), dataset.get("task", {}).get("columns")
        if kind == "artist" and columns is not None:
            raise ConfigError(
                f"The configuration sets datasets.{name}.task.columns to {columns}, which goes with the kind 'tags', "
                "not with 'artist'; remove it."
            )
        if kind != "tags":
            continue
        if columns is None:
            raise ConfigError(f"The configuration lacks the key 'datasets.{name}.task.columns'; name those with tags.")
        for protocol in dataset.get("protocols", []):
            if needs_one_label(config["protocols"][protocol]):
                raise ConfigError(
                    f"The configuration names '{protocol}' in datasets.{name}.protocols, which splits by one label of "
                    f"each track, and datasets.{name}.task has several tags; name one of the kind stratified or "
                    "artist, without `labels`."
                )
            if not models_of(config, protocol, name):
                raise ConfigError(
                    f"The configuration names no model in protocols.{protocol}.models that can learn the several tags "
                    f"of datasets.{name}.task; {_those(filter(functools.partial(can_tag, config), config['models']))}"
                )


def _check_front_end(mel: Mapping[str, Any]) -> None:
    nyquist = mel["sample_rate"] / 2
    if mel["fmax"] > nyquist:
        raise ConfigError(
            f"The configuration sets mel.fmax to {mel['fmax']} Hz, above half of mel.sample_rate, {nyquist:g} Hz; "
            "lower fmax or raise sample_rate."
        )
    if mel["fmin"] >= mel["fmax"]:
        raise ConfigError(f"The configuration sets mel.fmin to {mel['fmin']} Hz, not below fmax = {mel['fmax']} Hz.")
    if mel["hop_length"] > mel["n_fft"]:
        raise ConfigError(
            f"The configuration sets mel.hop_length to {mel['hop_length']}, more than n_fft = {mel['n_fft']}: "
            "samples between windows would be lost; lower hop_length."
        )


def _check_conv(
    place: str, conv: Sequence[Mapping[str, Any]], of_model: str, *, frames: int, n_mels: int
) -> dict[str, tuple[int, int]]:
    """Check the size of each layer's map, without padding; return its (frames, bands)."""
    longer = "segment.frames" if place == "network.conv" else "network.context.frames"
    size, maps = {"mel bands": n_mels, "frames": frames}, {}
    for number, block in enumerate(conv):
        for axis, (name, length) in enumerate(size.items()):
            kernel, pool = block["kernel"][axis], block["pool"][axis]
            if (length - kernel + 1) // pool < 1:
                raise ConfigError(
                    f"{place}.{number} {of_model} needs {kernel + pool - 1} {name} and gets {length}; "
                    f"make its kernel or pool smaller, or {longer} or mel.n_mels larger."
                )
            size[name] = length - kernel + 1
        maps[f"conv{number + 1}"] = (size["frames"], size["mel bands"])
        size = {name: length // block["pool"][axis] for axis, (name, length) in enumerate(size.items())}
        maps[f"pool{number + 1}"] = (size["frames"], size["mel bands"])
    return maps | {"dense": (1, 1), "output": (1, 1)}


def _check_shown(config: Mapping[str, Any], maps: Mapping[str, tuple[int, int]]) -> None:
    """Check that layer and positions exist and that receptive fields can be estimated, before anything is trained."""
    layer, positions = config["activations"]["layer"], config["activations"]["positions"]
    shown = config["figures"]["model"]
    controls = [name for name, model in config["models"].items() if is_control(model)]
    for name in [shown, *controls] if estimates_receptive_fields(config, config["dataset"]) else []:
        network = model_settings(config, name, config["dataset"])["network"]
        if network["scale"] != "log_power":
            raise ConfigError(
                f"The configuration sets network.scale of the model '{name}' to '{network['scale']}', whose receptive "
                "fields are not those of ln(1 + power); name another figures.model, or say log_power."
            )
        if network["context"]:
            raise ConfigError(
                f"The configuration gives the model '{name}' a network.context, and receptive fields are estimated "
                "from segments alone; name another figures.model, or say null."
            )
    if layer not in maps:
        raise ConfigError(
            f"The configuration sets activations.layer to '{layer}', which the network does not have; it has "
            f"{', '.join(maps)}."
        )
    frames, bands = maps[layer]
    for position in positions if isinstance(positions, list) else []:
        if position[0] >= frames or position[1] >= bands:
            raise ConfigError(
                f"The configuration sets activations.positions to {positions}, of which {position} is not on the map "
                f"of '{layer}'; frames go from 0 to {frames - 1}, mel bands from 0 to {bands - 1}."
            )
