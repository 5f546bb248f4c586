"""Runs in files of NumPy's format ``npz``."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from pgcompanion import checks, policies
from pgcompanion.policies import Policy
from pgcompanion.training.observations import RunningMoments
from pgcompanion.training.run import Run, checked
from pgcompanion.training.settings import Settings


def save(path: str | Path, run: Run) -> None:
    """Write a run to a file of NumPy's format ``npz``, which holds arrays and one JSON text: no code.

    The policies of this package are described by their arguments. Of a policy of your own the file has
    the parameters and the name of its class; `load` must then be given the policy.

    Raises:
        TypeError: ``run`` is no `Run`, or ``path`` no path.

    Example:
        >>> import tempfile
        >>> from pgcompanion.policies import TabularSoftmax
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save(f"{folder}/run.npz", Run(TabularSoftmax(16, 4), np.zeros(64)))
        ...     load(f"{folder}/run.npz")
        Run(TabularSoftmax(S=16, A=4), k=0, steps=0, J=None)
    """
    path = checks.path(path)
    checked(run)
    arguments = _arguments(run.policy)
    text = {
        "policy": type(run.policy).__name__,
        "arguments": {k: x for k, x in arguments.items() if not isinstance(x, np.ndarray)},
        "settings": run.settings and asdict(run.settings),
    }
    arrays = {f"argument_{k}": x for k, x in arguments.items() if isinstance(x, np.ndarray)}
    if run.moments is not None:
        arrays |= {f"moments_{k}": np.asarray(x) for k, x in vars(run.moments).items()}
    arrays |= {
        "theta": run.theta,
        "steps": run.steps,
        "J": run.J,
        "text": np.array(json.dumps(text)),
    }
    with path.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def load(path: str | Path, policy: Policy | None = None) -> Run:
    """The run that `save` wrote to this file.

    Args:
        path: the file.
        policy: the policy, where it is one of your own.

    Raises:
        FileNotFoundError: there is no such file.
        TypeError: ``path`` is no path, or ``policy`` no policy.
        ValueError: the file is no run; its policy is one of your own and ``policy`` is missing; or ``policy``
            has another number of parameters.

    Example: see `save`.
    """
    path = checks.path(path)
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = dict(file)
        text = json.loads(str(arrays.pop("text")))
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise ValueError(
            f"path must be a file that save wrote, but {str(path)!r} is none."
        ) from error
    settings = text["settings"] and Settings(**text["settings"])
    moments = RunningMoments(len(arrays["moments_mean"])) if "moments_mean" in arrays else None
    if moments is not None:
        moments.mean, moments.var = arrays["moments_mean"], arrays["moments_var"]
        moments.count = float(arrays["moments_count"])
    if policy is None:
        given = _parts(arrays, "argument_")
        policy = _rebuilt(text["policy"], text["arguments"] | given)
    return Run(policy, arrays["theta"], settings, arrays["steps"], arrays["J"], moments)


def _parts(arrays: dict[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    return {k.removeprefix(prefix): x for k, x in arrays.items() if k.startswith(prefix)}


def _arguments(policy: Any) -> dict[str, Any]:
    """The arguments with which a policy of this package is made again; none of another."""
    name = type(policy).__name__
    if getattr(policies, name, None) is not type(policy):
        return {}
    arguments: dict[str, Any] = {}
    for key in _SIGNATURES.get(name, ()):
        if key in ("inputs", "hidden"):
            net = policy.network
            of_net = net.d if net.features is None else net.features
            arguments[key] = of_net if key == "inputs" else list(net.hidden)
        elif name == "LinearGaussian" and key == "features":
            arguments[key] = policy.mu.d if policy.mu.features is None else policy.mu.features
        else:
            arguments[key] = getattr(policy, key)
    return arguments


_SIGNATURES = {
    "TabularSoftmax": ("S", "A", "H"),
    "LinearSoftmax": ("features",),
    "NeuralSoftmax": ("inputs", "A", "hidden"),
    "LinearGaussian": ("features", "n", "sigma"),
    "NeuralGaussian": ("inputs", "n", "hidden", "sigma"),
}


def _rebuilt(name: str, arguments: dict[str, Any]) -> Policy:
    if name not in _SIGNATURES or not arguments:
        raise ValueError(
            f"policy must be given, since the file was saved with one of your own, {name}, but it is None."
        )
    made: Policy = getattr(policies, name)(**arguments)
    return made
