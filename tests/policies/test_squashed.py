"""The squashed Gaussian against integrals over the box and complex steps."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion.derivatives import complex_step
from pgcompanion.divergences import gaussian_kl
from pgcompanion.policies import LinearGaussian, squashed_gaussian_log_prob

EXACT = 1e-10


@pytest.fixture
def box():
    """Points of (-1, 1)² as they are before squashing, and the area that each speaks for."""
    x, w = np.polynomial.legendre.leggauss(400)
    a = np.stack(np.meshgrid(x, x, indexing="ij"), axis=-1)
    return np.arctanh(a), np.outer(w, w)


@pytest.mark.statement("squashed_gaussian")
@pytest.mark.parametrize("mu", [(0.0, 0.0), (0.5, -0.3)])
@pytest.mark.parametrize("sigma", [0.4, 0.6])
def test_the_density_integrates_to_one_over_the_box(box, mu, sigma, measure):
    """The negative control forgets the derivative of the squashing."""
    u, area = box
    log_prob = squashed_gaussian_log_prob(u, np.broadcast_to(mu, u.shape), sigma)
    assert measure((np.exp(log_prob) * area).sum() - 1, over=1, of="densities") < 1e-8
    plain = log_prob + np.log1p(-(np.tanh(u) ** 2)).sum(axis=-1)
    assert abs((np.exp(plain) * area).sum() - 1) > 0.01


@pytest.mark.statement("squashed_gaussian")
def test_scores_and_divergences_are_those_of_the_gaussian(box, rng):
    """What squashes does not depend on the mean. The entropy is another: the negative control."""
    u, area = box
    mean, other, sigma = np.array([0.2, -0.1]), np.array([-0.1, 0.3]), 0.5
    at = rng.normal(size=(20, 2))
    score = complex_step(
        lambda x: squashed_gaussian_log_prob(at, np.broadcast_to(x, at.shape), sigma), mean
    )
    np.testing.assert_allclose(score, (at - mean) / sigma**2, atol=EXACT)
    log_p, log_q = (
        squashed_gaussian_log_prob(u, np.broadcast_to(x, u.shape), sigma) for x in (mean, other)
    )
    kl = (np.exp(log_p) * (log_p - log_q) * area).sum()
    assert kl == pytest.approx(float(gaussian_kl(mean, sigma, other, sigma)), abs=1e-8)
    entropy = -(np.exp(log_p) * log_p * area).sum()
    gaussian = LinearGaussian(1, 2, sigma).entropy(np.zeros(2), np.ones((1, 1)))[0]
    assert abs(entropy - gaussian) > 0.1


@pytest.mark.statement("squashed_gaussian")
def test_no_digit_is_lost_where_the_action_rounds_to_the_edge():
    """log(1 - tanh² u) tends to 2 log 2 - 2 |u|. The negative control is the formula as it stands."""
    u = np.array([[30.0], [-30.0], [300.0]])
    log_prob = squashed_gaussian_log_prob(u, u, 1.0)
    limit = 2 * np.abs(u[:, 0]) - 2 * np.log(2) - np.log(2 * np.pi) / 2
    np.testing.assert_allclose(log_prob, limit, rtol=1e-12)
    with np.errstate(divide="ignore"):
        assert np.isinf(-np.log(1 - np.tanh(u) ** 2)).any() > 0


@pytest.mark.parametrize(
    ("u", "mu", "sigma", "word"),
    [
        (0.0, 0.0, 1.0, "u has shape"),
        ([np.nan], [0.0], 1.0, "u must be finite"),
        ([[0.0], [1.0]], [0.0], 1.0, "mu has shape"),
        ([0.0], [0.0], 0.0, "sigma must be positive"),
    ],
)
def test_what_has_no_density_is_refused(u, mu, sigma, word):
    with pytest.raises(ValueError, match=word):
        squashed_gaussian_log_prob(u, mu, sigma)
