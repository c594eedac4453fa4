"""Modules by their text: as Python itself would have it."""

import inspect
import subprocess
import sys
from importlib import import_module

import pytest

from earfield.configuration.code_dependencies import (
    CANNOT_CHANGE_A_NUMBER,
    code_of,
    constant,
    keywords,
    module_file,
    module_name,
    module_names,
)

ALL = [(kind, name) for kind in ("models", "features") for name in module_names(kind)]


@pytest.mark.parametrize(("kind", "name"), ALL)
def test_what_a_module_imports_at_once_is_in_its_code(kind, name):
    code = f"""
import sys
from pathlib import Path
import {module_name(kind, name)}
print("\\n".join(module.__file__ for key, module in sys.modules.items() if key.startswith("earfield.")))
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    loaded = {line for line in done.stdout.split("\n") if line and not line.endswith("__init__.py")}
    assert loaded
    assert loaded - {str(path) for path in CANNOT_CHANGE_A_NUMBER} <= {
        str(path) for path in code_of(module_file(kind, name))
    }


def test_code_is_found_through_functions_and_other_modules(tmp_path):
    file = tmp_path / "script.py"
    file.write_text("def f():\n    from earfield.evaluate.score import score\n    import earfield.errors\n")
    names = {path.stem for path in code_of(file)}
    assert {"score", "tables"} <= names and "errors" not in names and "script" not in names


@pytest.mark.parametrize("name", module_names("models"))
def test_names_and_keywords_are_those_of_the_running_module(name):
    module = import_module(module_name("models", name))
    file = module_file("models", name)
    assert constant(file, "FEATURES") == getattr(module, "FEATURES", None)
    parameters = inspect.signature(module.predict).parameters.values()
    wanted = {
        each.name: each.default is inspect.Parameter.empty
        for each in parameters
        if each.kind is inspect.Parameter.KEYWORD_ONLY
    }
    assert keywords(file, "predict") == wanted


def test_features_that_models_name_are_there():
    named = {constant(module_file("models", name), "FEATURES") for name in module_names("models")}
    assert named - {None} == set(module_names("features"))
