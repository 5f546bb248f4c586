"""Policies of one's own: from logits alone, and from a log-density alone."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion.policies import (
    Density,
    LinearGaussian,
    NeuralGaussian,
    NeuralSoftmax,
    Softmax,
    TabularSoftmax,
)
from pgcompanion.policies.base import cast

EXACT = 1e-10
S, A, B = 4, 3, 7


class Own(Softmax):
    """The tabular policy, of which nothing but the logits is written down."""

    def __init__(self):
        self.S, self.A, self.p = S, A, S * A

    def logits(self, theta, s):
        return np.asarray(theta).reshape(S, A)[np.asarray(s)]


class OwnDensity(Density):
    """A Gaussian around a linear mean, of which nothing but the density is written down."""

    def __init__(self, n, d, sigma):
        self.n, self.d, self.sigma, self.p = n, d, sigma, n * d

    def log_prob(self, theta, s, a):
        mu = np.asarray(s) @ theta.reshape(self.n, self.d).T
        z = (a - mu) / self.sigma
        return (-(z**2) / 2 - np.log(2 * np.pi * self.sigma**2) / 2).sum(axis=-1)


METHODS = {
    "logits": lambda p, x: p.logits(x.theta, x.s),
    "logits_jvp": lambda p, x: p.logits_jvp(x.theta, x.s, x.v),
    "logits_vjp": lambda p, x: p.logits_vjp(x.theta, x.s)[1](x.W),
    "logits_vjp_each": lambda p, x: p.logits_vjp_each(x.theta, x.s, x.W),
    "table": lambda p, x: p.table(x.theta),
    "states": lambda p, x: p.states,
    "row": lambda p, x: p.row(np.arange(B), x.s),
    "probs": lambda p, x: p.probs(x.theta, x.s),
    "log_probs": lambda p, x: p.log_probs(x.theta, x.s),
    "log_prob": lambda p, x: p.log_prob(x.theta, x.s, x.a),
    "value of log_prob_vjp": lambda p, x: p.log_prob_vjp(x.theta, x.s, x.a)[0],
    "pull of log_prob_vjp": lambda p, x: p.log_prob_vjp(x.theta, x.s, x.a, p.room(B))[1](x.w),
    "score": lambda p, x: p.score(x.theta, x.s, x.a),
    "score_sum": lambda p, x: p.score_sum(x.theta, x.s, x.a, x.w),
    "score_average": lambda p, x: p.score_average(x.theta, x.s, x.W),
    "sample": lambda p, x: p.sample(x.theta, x.s, np.random.default_rng(0)),
    "kl": lambda p, x: p.kl(x.theta, x.new, x.s),
    "kl_gradient": lambda p, x: p.kl_gradient(x.theta, x.new, x.s, x.w),
    "entropy": lambda p, x: p.entropy(x.theta, x.s),
    "entropy_gradient": lambda p, x: p.entropy_gradient(x.theta, x.s, x.w),
    "fisher": lambda p, x: p.fisher(x.theta, x.s, np.abs(x.w)),
    "fisher_product": lambda p, x: p.fisher_product(x.theta, x.s, x.w, x.v),
    "init": lambda p, x: p.init(np.random.default_rng(0)),
}


class Case:
    def __init__(self, rng):
        self.theta, self.new, self.v = rng.normal(size=(3, S * A))
        self.s, self.a = rng.integers(S, size=B), rng.integers(A, size=B)
        self.w, self.W = rng.normal(size=B), rng.normal(size=(B, A))


@pytest.mark.statement("tabular_softmax", "neural_softmax")
@pytest.mark.parametrize("method", METHODS)
def test_logits_alone_make_a_policy(method, rng):
    """The control: it is not the policy of other parameters, or other states."""
    call, x = METHODS[method], Case(rng)
    own, table = call(Own(), x), call(TabularSoftmax(S, A), x)
    np.testing.assert_allclose(own, table, atol=EXACT)
    other = Case(np.random.default_rng(1))
    if method not in ("states", "init"):
        assert np.abs(call(Own(), other) - table).max() > 1e-2


class OwnNetwork(Softmax):
    """A network, of which nothing but the logits is written down."""

    def __init__(self, network):
        self.network, self.A, self.p = network, network.A, network.p

    def logits(self, theta, s):
        return self.network.logits(theta, s)


@pytest.mark.statement("neural_softmax")
def test_the_gradients_of_own_logits_are_differentiated_again(rng):
    """Newton's method takes a complex step of a gradient which is itself made of complex steps."""
    network = NeuralSoftmax(2, A, (5,))
    theta, new, v = rng.normal(size=(3, network.p))
    s, w = rng.normal(size=(B, 2)), rng.random(B)

    def hessian_product(policy, at):
        return policy.kl_gradient(theta, at + 1e-30j * v, s, w).imag / 1e-30

    backpropagated = hessian_product(network, new)
    np.testing.assert_allclose(hessian_product(OwnNetwork(network), new), backpropagated, atol=1e-9)
    without_curvature_of_the_logits = network.fisher_product(new, s, w, v)
    assert np.abs(without_curvature_of_the_logits - backpropagated).max() > 1e-2


@pytest.mark.statement("gaussian_policy", "score_lemma")
def test_a_density_alone_has_the_score_of_the_gaussian_policy(rng):
    n, d, sigma = 2, 3, 0.7
    own, gaussian = OwnDensity(n, d, sigma), LinearGaussian(d, n, sigma)
    theta, s, a, w = (rng.normal(size=m) for m in [n * d, (B, d), (B, n), B])
    np.testing.assert_allclose(own.log_prob(theta, s, a), gaussian.log_prob(theta, s, a))
    score = gaussian.score(theta, s, a)
    np.testing.assert_allclose(own.score(theta, s, a), score, atol=EXACT)
    np.testing.assert_allclose(own.score_sum(theta, s, a, w), w @ score, atol=EXACT)
    value, pull = own.log_prob_vjp(theta, s, a, own.room(B))
    np.testing.assert_allclose(value, gaussian.log_prob(theta, s, a), atol=EXACT)
    np.testing.assert_allclose(pull(w), w @ score, atol=EXACT)
    assert np.abs(OwnDensity(n, d, 1.0).score(theta, s, a) - score).max() > 1e-2


@pytest.mark.parametrize(
    ("call", "signature"),
    [
        (lambda p: p.sample(np.zeros(2), 0, None), "sample(theta, s, rng, room=None)"),
        (lambda p: p.kl(np.zeros(2), np.zeros(2), 0), "kl(theta_old, theta_new, s)"),
        (
            lambda p: p.kl_gradient(np.zeros(2), np.zeros(2), 0, 0),
            "kl_gradient(theta_old, theta_new, s, weights)",
        ),
        (lambda p: p.entropy(np.zeros(2), 0), "entropy(theta, s)"),
        (
            lambda p: p.entropy_gradient(np.zeros(2), 0, 0),
            "entropy_gradient(theta, s, weights)",
        ),
        (lambda p: p.fisher(np.zeros(2), 0, 0), "fisher(theta, s, weights)"),
        (
            lambda p: p.fisher_product(np.zeros(2), 0, 0, 0),
            "fisher_product(theta, s, weights, v)",
        ),
    ],
)
def test_what_a_density_alone_cannot_give_is_said_in_one_sentence(call, signature):
    with pytest.raises(NotImplementedError) as raised:
        call(OwnDensity(1, 2, 1.0))
    assert str(raised.value) == (
        f"A log-density alone does not give it: OwnDensity must have a method {signature}."
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: OwnDensity(1, 2, 1.0).score(np.zeros(3), 0, 0), r"theta has shape \(3,\), but"),
        (
            lambda: OwnDensity(1, 2, 1.0).score_sum(np.zeros(2), np.ones((3, 2)), 0, np.ones(2)),
            r"weights has shape \(2,\), but \(3\) is expected",
        ),
        (
            lambda: Own().score_sum(np.zeros(12), [0], [0], [np.nan]),
            "weights must be finite, but it contains NaN or infinity",
        ),
        (lambda: Own().logits_vjp(np.zeros(3), [0]), r"theta has shape \(3,\), but \(12\) is"),
        (lambda: Own().logits_jvp(np.zeros(12), [0], np.zeros(3)), r"v has shape \(3,\), but \(12"),
        (lambda: Own().fisher(np.zeros(12), [0], [-1.0]), "weights must not be negative, but it"),
        (
            lambda: TabularSoftmax(2, 2).fisher(np.zeros(4), [0], [-1.0]),
            "weights must not be negative, but it",
        ),
        (lambda: Own().log_prob(np.zeros(12), [0], [0, 1]), r"a has shape \(2,\), but \(1\) is"),
    ],
)
def test_a_value_that_cannot_be_right_is_refused(call, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: NeuralSoftmax(2, 3).table(np.zeros(1)),
            "policy must be over the states of a finite",
        ),
        (lambda: NeuralSoftmax(2, 3).states, "policy must be over the states of a finite MDP, but"),
        (
            lambda: LinearGaussian(3, 2).states,
            "policy must be over the states of a finite MDP, but",
        ),
        (
            lambda: Own().sample(np.zeros(12), [0], 0),
            r"rng must be a numpy\.random\.Generator, as",
        ),
        (lambda: NeuralGaussian(2, 1).init(None), r"rng must be a numpy\.random\.Generator, as"),
    ],
)
def test_an_object_of_another_type_is_refused(call, message):
    with pytest.raises(TypeError, match=f"^{message}"):
        call()


@pytest.mark.parametrize(("base", "method"), [(Density, "log_prob"), (Softmax, "logits")])
def test_a_policy_without_the_one_method_it_owes_cannot_be_made(base, method):
    with pytest.raises(TypeError, match=method):
        type("Half", (base,), {"p": 1})()
    type("Whole", (base,), {"p": 1, method: lambda self, theta, s, *a: theta})()


def test_an_array_of_the_right_precision_is_cast_without_a_copy():
    for x in (np.ones(3), np.ones(3, dtype=np.float32)):
        assert np.shares_memory(cast(x, x), x)
        assert not np.shares_memory(cast(x.astype(complex), x), x)
