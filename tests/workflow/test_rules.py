"""What the rules say of themselves is true."""

import ast
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "src"
RULES = sorted(path for path in (ROOT / "workflow" / "rules").glob("*.smk") if path.stem not in {"common", "targets"})


def rules():
    for path in RULES:
        for name, body in re.findall(r"^rule (\w+):\n((?:    .*\n|\n)+)", path.read_text(), re.MULTILINE):
            yield pytest.param(path, body, id=name)


def imported(path: Path) -> set[Path]:
    """Return the modules of the package that a file imports, and those that these import."""
    found: set[Path] = set()
    pending = [path]
    while pending:
        tree = ast.parse(pending.pop().read_text())
        names = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                names |= {node.module or "", *(f"{node.module}.{each.name}" for each in node.names)}
            elif isinstance(node, ast.Import):
                names |= {each.name for each in node.names}
        for name in names:
            if name.split(".")[0] != "earfield":
                continue
            base = SOURCES / name.replace(".", "/")
            for file in (base.with_suffix(".py"), base / "__init__.py"):
                if file.exists() and file not in found:
                    found.add(file)
                    pending.append(file)
    # A package's empty __init__ computes nothing.
    return {file for file in found if ast.parse(file.read_text()).body[1:]}


@pytest.mark.parametrize(("path", "body"), list(rules()))
def test_rule_depends_on_the_modules_that_its_script_runs(path, body):
    script = re.search(r'"\.\./scripts/(\w+)\.py"', body)[1]
    assert f'        code=code("{script}"),\n' in body


@pytest.mark.parametrize(("path", "body"), list(rules()))
def test_rule_follows_the_projects_form(path, body):
    assert body.lstrip().startswith('"""')
    for directive in ("log:", "benchmark:", "conda:", "script:"):
        assert f"    {directive}" in body
    assert re.search(r'"\.\./scripts/(\w+)\.py"', body)[1].startswith(path.stem)
    assert f"../envs/{path.stem}.yaml" in body


def test_scripts_are_adapters():
    for script in (ROOT / "workflow" / "scripts").glob("*.py"):
        assert len(script.read_text().splitlines()) <= 30, script.name


def locked() -> dict[str, set[str]]:
    versions: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([A-Za-z0-9_.-]+)==([^ ;\\]+)", (ROOT / "requirements.lock").read_text(), re.M):
        versions.setdefault(name, set()).add(version)
    return versions


def test_conda_environments_hold_the_locked_versions():
    versions = locked()
    files = sorted((ROOT / "workflow" / "envs").glob("*.yaml"))
    assert [file.stem for file in files] == [path.stem for path in RULES]
    for file in files:
        dependencies = yaml.safe_load(file.read_text())["dependencies"]
        pinned = next(each for each in dependencies if isinstance(each, dict))["pip"]
        assert pinned
        for requirement in pinned:
            name, version = requirement.split("==")
            assert version in versions[name], f"{file.name}: {requirement}"


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_conda_environment_has_what_the_stage_imports(path):
    scripts = set(re.findall(r'"\.\./scripts/(\w+\.py)"', path.read_text()))
    names = set()
    files = [ROOT / "workflow" / "scripts" / script for script in scripts]
    # Modules that the configuration names, and no script imports by name.
    files += (SOURCES / "earfield" / {"evaluate": "models"}.get(path.stem, path.stem)).glob("*.py")
    for entry in files:
        for file in {entry, *imported(entry)}:
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.ImportFrom):
                    names.add((node.module or "").split(".")[0])
                elif isinstance(node, ast.Import):
                    names |= {each.name.split(".")[0] for each in node.names}
    dependencies = yaml.safe_load((ROOT / "workflow" / "envs" / f"{path.stem}.yaml").read_text())["dependencies"]
    pinned = {each.split("==")[0] for each in next(each for each in dependencies if isinstance(each, dict))["pip"]}
    names |= {"scikit-learn"} if "sklearn" in names else set()
    known = {name for name in locked() if name in names} - {"urllib3"}  # a part of requests
    assert known <= pinned, known - pinned


def test_each_dependency_has_a_reason():
    text = (ROOT / "pyproject.toml").read_text()
    block = text[text.index("dependencies = [") : text.index("[project.scripts]")]
    lines = [line for line in block.splitlines() if line.strip().startswith('"')]
    assert len(lines) > 10
    assert all(re.search(r"#\s\S", line) for line in lines)


def test_lock_file_names_no_host():
    assert "://" not in (ROOT / "requirements.lock").read_text()
