"""Modules by their text: as Python itself would have it."""

import inspect
import re
import subprocess
import sys
from importlib import import_module

import pytest

from earfield.configuration.code_dependencies import (
    CANNOT_CHANGE_A_NUMBER,
    code_of,
    constant,
    module_file,
    module_name,
    module_names,
    options_of,
)

ALL = [(kind, name) for kind in ("models", "features") for name in module_names(kind)]
IMPORTED = """
import sys
from importlib import import_module
for name in sys.argv[1:]:
    for key in [key for key in sys.modules if key.startswith("earfield")]:
        del sys.modules[key]
    import_module(name)
    print(name, *(module.__file__ for key, module in sys.modules.items() if key.startswith("earfield.")), sep="\\t")
"""


def test_what_a_module_imports_at_once_is_in_its_code():
    names = [module_name(kind, name) for kind, name in ALL]
    done = subprocess.run([sys.executable, "-c", IMPORTED, *names], check=True, capture_output=True, text=True)
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert [line[0] for line in lines] == names
    for (kind, name), (_, *files) in zip(ALL, lines, strict=True):
        loaded = {file for file in files if not file.endswith("__init__.py")}
        assert loaded
        known = {str(path) for path in (*code_of(module_file(kind, name)), *CANNOT_CHANGE_A_NUMBER)}
        assert loaded <= known, name


def test_code_is_found_through_functions_and_other_modules(tmp_path):
    file = tmp_path / "script.py"
    file.write_text("def f():\n    from earfield.evaluate.score import score\n    import earfield.errors\n")
    names = {path.stem for path in code_of(file)}
    assert {"score", "tables"} <= names and "errors" not in names and "script" not in names


@pytest.mark.parametrize("name", module_names("models"))
def test_names_and_options_are_those_of_the_running_module(name):
    module = import_module(module_name("models", name))
    file = module_file("models", name)
    assert constant(file, "FEATURES") == getattr(module, "FEATURES", None)
    parameters = inspect.signature(getattr(module, "Options", module.predict)).parameters
    found = options_of(file)
    assert list(found) == [key for key in parameters if key != "task"]
    for key, option in found.items():
        assert option.required == (parameters[key].default is inspect.Parameter.empty)
        assert re.fullmatch(r"(int|float|Sequence\[(int|float)\])", option.annotation), key


def test_features_that_models_name_are_there():
    named = {constant(module_file("models", name), "FEATURES") for name in module_names("models")}
    assert named - {None} == set(module_names("features"))
