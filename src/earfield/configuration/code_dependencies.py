"""Static analysis of the package's modules: their imports, constants and options, read without importing them."""

import ast
import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PACKAGE = Path(__file__).parents[1]
_FUNCTIONS = {"models": "predict", "features": "describe"}  # what makes a module one that the configuration can name
# Other words for an error or a log line must not train 30 networks again.
CANNOT_CHANGE_A_NUMBER = frozenset(
    _PACKAGE / f"{name}.py"
    for name in ("files/atomic", "files/run_paths", "errors", "jobs/job", "log_levels", "versioning/output_links")
)


def module_names(kind: str) -> list[str]:
    """Return the sorted names of the modules of a subpackage, "models" or "features"."""
    names = {path.stem for path in (_PACKAGE / kind).glob("*.py")}
    names |= {path.parent.name for path in (_PACKAGE / kind).glob("*/model.py")}
    return sorted(name for name in names if _defines(module_file(kind, name), _FUNCTIONS[kind]))


def module_file(kind: str, name: str) -> Path:
    """Return the file of a model or of features: a module `<name>.py`, or `<name>/model.py` of a package."""
    packaged = _PACKAGE / kind / name / "model.py"
    return packaged if packaged.exists() else _PACKAGE / kind / f"{name}.py"


def module_name(kind: str, name: str) -> str:
    """Return the import name of a model or features module, such as `earfield.models.majority`."""
    parts = module_file(kind, name).relative_to(_PACKAGE).with_suffix("").parts
    return ".".join((_PACKAGE.name, *parts))


def code_of(file: Path) -> list[Path]:
    """Return the modules of the package that a file runs, those that can change a number, and their templates; sorted.

    That is itself, if it is of the package, what it imports, and what those import, also within functions. A package's
    `__init__` that holds nothing but its docstring computes nothing.
    """
    found = {file} if _PACKAGE in file.parents else set()
    pending = [file]
    while pending:
        for imported in _imported(pending.pop()) - found:
            found.add(imported)
            pending.append(imported)
    modules = {path for path in found - CANNOT_CHANGE_A_NUMBER if _parsed(path).body[1:]}
    templates = {path.parent / "templates" / f"{path.stem}.md.j2" for path in modules}
    return sorted(modules | {path for path in templates if path.exists()})


def constant(file: Path, name: str) -> Any:
    """Return the value of a constant that a module defines as a literal, or None if it does not."""
    for node in _parsed(file).body:
        if isinstance(node, ast.Assign) and any(
            isinstance(each, ast.Name) and each.id == name for each in node.targets
        ):
            return ast.literal_eval(node.value)
    return None


@dataclass(frozen=True)
class Option:
    """An option of a model."""

    annotation: str  # its type as the module writes it, such as "Sequence[float]"
    required: bool


def options_of(file: Path) -> dict[str, Option]:
    """Return the options of a model: keyword-only parameters of `predict`, or the fields of a package's `Options`."""
    options = file.with_name("options.py")
    for node in _parsed(options).body if file.name == "model.py" and options.exists() else []:
        if isinstance(node, ast.ClassDef) and node.name == "Options":
            fields = [each for each in node.body if isinstance(each, ast.AnnAssign)]
            return {ast.unparse(each.target): _option(each.annotation, each.value) for each in fields}
    for node in _parsed(file).body:
        if isinstance(node, ast.FunctionDef) and node.name == "predict":
            pairs = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
            return {parameter.arg: _option(parameter.annotation, default) for parameter, default in pairs}
    return {}


def _option(annotation: ast.expr | None, default: ast.expr | None) -> Option:
    return Option(ast.unparse(annotation) if annotation else "Any", required=default is None)


def _defines(file: Path, function: str) -> bool:
    return any(isinstance(node, ast.FunctionDef) and node.name == function for node in _parsed(file).body)


@functools.cache
def _parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


@functools.cache
def _imported(file: Path) -> frozenset[Path]:
    """Return the files of the package that a file imports itself."""
    names: set[str] = set()
    for node in ast.walk(_parsed(file)):
        if isinstance(node, ast.ImportFrom):
            names |= {node.module or "", *(f"{node.module}.{each.name}" for each in node.names)}
        elif isinstance(node, ast.Import):
            names |= {each.name for each in node.names}
    bases = [_PACKAGE.parent.joinpath(*name.split(".")) for name in names if name.split(".")[0] == "earfield"]
    return frozenset(
        file for base in bases for file in (base.with_suffix(".py"), base / "__init__.py") if file.exists()
    )
