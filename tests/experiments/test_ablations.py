"""PPO's ablations: what is stored is what the function computes, and every variant differs in its one detail."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion.experiments import ablations, sweep, tune
from pgcompanion.policies import MLP

BOTH = pytest.mark.parametrize(
    ("path", "protocol"),
    [*zip(ablations.STORED, ablations.PROTOCOLS, strict=True)],
    ids=["study", "again"],
)


@BOTH
def test_what_is_stored_is_what_was_asked_for(path, protocol):
    stored = ablations.found(path)
    assert list(stored) == list(ablations.VARIANTS)
    for x in stored.values():
        assert len(x["mean"]) == len(x["last"]) == protocol.report.runs
        assert 1e-3 <= x["eta"] <= 0.1
    assert stored["no clip"]["mean"] != stored["as in the box"]["mean"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["as in the box", "one epoch"])
@BOTH
def test_what_is_stored_is_what_the_function_computes(name, path, protocol):
    """The step size is one of those that the search draws, and three of the runs have the stored mean, up to four
    standard errors: on another processor round-off grows to another run. The control: a tenth of the step size.
    """
    stored = ablations.found(path)[name]
    space = ablations.VARIANTS[name]
    drawn = tune(
        lambda rng, **setting: 0.0,
        {name: space},
        problems={"": {}},
        trials=ablations.TRIALS,
        seeds=1,
        root=protocol.search.root,
    )
    eta = stored["eta"]
    assert eta in [setting["eta"] for setting in drawn[name].settings]

    def z_score(eta, runs):
        J = sweep(ablations.balance, runs, {name: space | {"eta": eta}}, root=protocol.report.root)
        error = np.std(stored["mean"], ddof=1) * np.sqrt(1 / runs + 1 / len(stored["mean"]))
        return (J.curves[name].mean() - np.mean(stored["mean"])) / error

    assert abs(z_score(eta, 3)) < 4
    assert abs(z_score(eta / 10, 1)) > 5


@pytest.mark.parametrize("name", ["no minimum", "clipped critic"])
def test_a_variant_differs_in_its_one_detail(name, monkeypatch):
    """From the same seed the first batch is the same, and what follows is not; switched off, the control, all is."""
    monkeypatch.setattr(ablations, "UPDATES", 4)
    detail = {k: x for k, x in ablations.VARIANTS[name].items() if k != "eta"}
    off = {"minimum": True} if name == "no minimum" else {"value_eps": np.inf}
    settings = {
        "box": {"eta": 0.01},
        "variant": {"eta": 0.01, **detail},
        "off": {"eta": 0.01, **off},
    }
    J = sweep(ablations.balance, 2, settings).curves
    np.testing.assert_array_equal(J["box"], J["off"])
    np.testing.assert_array_equal(J["box"][:, 0], J["variant"][:, 0])
    assert np.abs(J["box"][:, -1] - J["variant"][:, -1]).max() > 0


def test_a_start_that_is_not_orthogonal_has_the_same_size_of_weights(rng):
    """Its rows are not orthogonal; those of the usual start, the control, are."""
    net = MLP(32, 32, (32,))
    gaussian, usual = ablations.gaussian_start(net, rng), net.init(rng, gain=1.0)
    products = []
    for theta in (gaussian, usual):
        W = net.layers(theta)[0][:, :-1]
        gram = W @ W.T
        products.append(np.abs(gram - np.diag(np.diag(gram))).max() / np.diag(gram).mean())
    assert products[1] < 1e-10 < 0.1 < products[0]
