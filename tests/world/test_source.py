"""What no test of behaviour can be sure of, read off the source."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "overparam_sk"
SOURCES = sorted(PACKAGE.rglob("*.py"))

# PyTorch's default dtype decides theirs where none is given.
FACTORIES = {
    "arange",
    "as_tensor",
    "asarray",
    "empty",
    "empty_strided",
    "eye",
    "full",
    "linspace",
    "logspace",
    "normal",
    "ones",
    "rand",
    "randn",
    "range",
    "scalar_tensor",
    "tensor",
    "zeros",
}
# They change what belongs to the whole process, or what no thread can put back.
CHANGES = {
    "chdir": "os",
    "filterwarnings": "warnings",
    "catch_warnings": "warnings",
    "manual_seed": "torch",
    "putenv": "os",
    "resetwarnings": "warnings",
    "seed": "np.random",
    "set_default_device": "torch",
    "set_default_dtype": "torch",
    "set_default_tensor_type": "torch",
    "set_deterministic_debug_mode": "torch",
    "set_detect_anomaly": "torch.autograd",
    "set_float32_matmul_precision": "torch",
    "set_flush_denormal": "torch",
    "set_grad_enabled": "torch",
    "set_num_interop_threads": "torch",
    "set_num_threads": "torch",
    "set_printoptions": "np",
    "setbufsize": "np",
    "seterr": "np",
    "seterrcall": "np",
    "setlocale": "locale",
    "signal": "signal",
    "simplefilter": "warnings",
    "use_deterministic_algorithms": "torch",
}
# They put it back, and are tested to.
WHO_MAY = {
    "world.py": {"np.setbufsize", "torch.set_flush_denormal"},
    "interrupts.py": {"signal.signal"},
}


def calls(source):
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node, ast.unparse(node.func.value), node.func.attr


def without_dtype(source):
    return [
        f"line {node.lineno}: torch.{name} without a dtype"
        for node, of, name in calls(source)
        if of == "torch"
        and name in FACTORIES
        and not {"dtype", None} & {keyword.arg for keyword in node.keywords}
    ]


def changes(source):
    return [f"{of}.{name}" for _, of, name in calls(source) if CHANGES.get(name) == of]


def test_every_new_tensor_is_told_its_dtype():
    assert len(SOURCES) > 100
    faults = {str(path): without_dtype(path.read_text("utf-8")) for path in SOURCES}
    assert {path: found for path, found in faults.items() if found} == {}


def test_nothing_is_set_that_belongs_to_all():
    for path in SOURCES:
        allowed = WHO_MAY.get(path.name, set())
        assert set(changes(path.read_text("utf-8"))) <= allowed, path


@pytest.mark.parametrize("call", ["zeros(3)", "eye(2, device='cpu')", "tensor([0.5])"])
def test_a_factory_without_a_dtype_is_reported(call):
    assert len(without_dtype(f"def f():\n    return torch.{call}")) == 1
    typed = call.replace(")", ", dtype=torch.float64)")
    assert without_dtype(f"torch.{typed}") == []


@pytest.mark.parametrize(("name", "of"), CHANGES.items())
def test_a_change_of_the_world_is_reported(name, of):
    assert changes(f"with {of}.{name}(1):\n    pass") == [f"{of}.{name}"]
