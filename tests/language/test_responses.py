"""A response is a trajectory: the world, its listing, the likelihood, and what samples say."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion import exact, language
from pgcompanion.estimators import moments, reward_to_go, total_return
from pgcompanion.policies import TabularSoftmax

EXACT = 1e-12


@pytest.mark.statement("response_mdp")
@pytest.mark.parametrize(("V", "L"), [(2, 1), (2, 4), (3, 3), (4, 2)])
def test_every_response_is_listed_once_and_ends_where_it_must(V, L):
    """The negative control is all strings of full length: those with an inner end are no responses."""
    found = language.responses(V, L)
    assert len(set(found)) == len(found) == sum((V - 1) ** t for t in range(L)) + (V - 1) ** L
    for y in found:
        assert y[-1] == 0 or len(y) == L
        assert 0 not in y[:-1]
    assert len(found) != V**L or L == 1


@pytest.mark.statement("response_mdp")
def test_j_of_the_world_is_the_mean_reward_of_the_responses(graded, measure):
    """By Bellman's recursion and by the list. The control pays with every token, not with the last."""
    pi, p = graded.policy.table(graded.theta), graded.p(graded.theta)
    np.testing.assert_allclose(p.sum(axis=1), 1.0, atol=EXACT)
    J = exact.evaluate(graded.mdp, pi).J
    listed = graded.mu @ (p * graded.r).sum(axis=1)
    assert measure(J - listed, over=graded.tau.N, of="responses") < EXACT
    assert abs(graded.mu @ (p * graded.r * graded.lengths).sum(axis=1) - J) > 1e-3
    likelihood = exact.log_likelihood(graded.mdp, pi, graded.tau)
    np.testing.assert_allclose(np.exp(likelihood), (graded.mu[:, None] * p).ravel(), atol=EXACT)


@pytest.mark.statement("response_score")
def test_tokens_and_sequences_give_one_gradient(graded, measure):
    """Reward times the score of the response; the control leaves the end token out of the likelihood."""
    g = exact.gradient(graded.mdp, graded.policy, graded.theta)
    assert measure(graded.mean(graded.r) - g, over=graded.tau.N, of="responses") < EXACT

    def without_the_end(theta):
        tokens = language.token_log_prob(graded.policy, theta, graded.tau)
        spoken = np.where(graded.tau.a == 0, 0.0, tokens).sum(axis=1)
        return graded.mu @ (graded.p(graded.theta) * graded.r * graded.by_prompt(spoken)).sum(1)

    assert np.abs(graded.derivative(without_the_end) - g).max() > 1e-2


@pytest.mark.statement("response_score")
def test_reward_to_go_changes_nothing_and_a_value_of_the_prefix_does(graded):
    """A reward at the end is the reward-to-go of every token. A baseline of the prefix is another matter."""
    tau, pi = graded.tau, graded.policy.table(graded.theta)
    alive = tau.mask
    np.testing.assert_array_equal(reward_to_go(tau.r)[alive], total_return(tau.r)[alive])
    V = exact.evaluate(graded.mdp, pi).V

    def spread(psi):
        mean, cov = moments(graded.mdp, graded.policy, graded.theta, psi)
        return mean, np.trace(cov)

    plain, variance = spread(lambda tau: reward_to_go(tau.r))
    with_value, less = spread(lambda tau: reward_to_go(tau.r) - V[np.arange(tau.H), tau.s])
    np.testing.assert_allclose(plain, with_value, atol=EXACT)
    assert abs(less - variance) > 1e-3


@pytest.mark.statement("response_score")
def test_the_score_of_a_response_is_the_derivative_of_its_likelihood(graded):
    """By a complex step. The control divides by the length."""
    derivative = graded.derivative(graded.log_p)
    np.testing.assert_allclose(graded.scores, derivative, atol=1e-10)
    assert np.abs(graded.scores / graded.lengths[..., None] - derivative).max() > 1e-2


@pytest.mark.statement("response_mdp")
def test_samples_occur_as_often_as_their_probability_says(graded, rng):
    """Within five standard errors. The control is the uniform policy."""
    N = 20_000
    source = language.Finite(graded.mdp)
    x = source.draw(N, rng)
    tau = source.respond(graded.policy, graded.theta, x, rng)
    code = (tau.a * 4 ** np.arange(tau.H)).sum(axis=1) + 1000 * tau.s[:, 0] + 500 * tau.mask.sum(1)
    every = graded.tau
    listed = (every.a * 4 ** np.arange(every.H)).sum(1) + 1000 * every.s[:, 0]
    listed = listed + 500 * every.mask.sum(axis=1)
    seen = (code[:, None] == listed).mean(axis=0)
    assert seen.sum() == pytest.approx(1.0)

    def worst(theta):
        chance = (graded.mu[:, None] * graded.p(theta)).ravel()
        return np.abs((seen - chance) / np.sqrt(chance * (1 - chance) / N)).max()

    assert worst(graded.theta) < 5 < worst(np.zeros(graded.policy.p))


@pytest.mark.statement("kl_token_gradient", "response_mdp")
def test_the_divergence_of_responses_is_that_of_their_tokens(graded, measure):
    """The expected sum over prefixes is KL of responses. The control lets a choice after the end count."""
    p, log_ratio = (
        graded.p(graded.theta),
        graded.log_p(graded.theta) - graded.log_p(graded.theta_ref),
    )
    kl = graded.mu @ (p * log_ratio).sum(axis=1)
    pi, ref = (graded.policy.table(t) for t in (graded.theta, graded.theta_ref))
    ref[-1] = pi[-1]
    by_tokens = exact.trajectory_kl(graded.mdp, pi, ref)
    assert measure(by_tokens - kl, over=graded.tau.N, of="responses") < EXACT
    ref[-1] = [0.8, 0.1, 0.1]
    pi[-1] = [0.1, 0.1, 0.8]
    assert exact.trajectory_kl(graded.mdp, pi, ref) > kl + 0.1


@pytest.mark.statement("response_mdp")
def test_a_table_has_no_parameter_for_what_follows_the_end(graded):
    """The last row is the same whatever the parameters. The control is a table with a row for the end."""
    table, S, A = language.table(graded.mdp), graded.mdp.S, graded.mdp.A
    assert table.p == (S - 1) * A
    theta = np.arange(table.p) / 3.0
    np.testing.assert_allclose(table.table(theta)[-1], 1 / A)
    full = TabularSoftmax(S, A).table(np.append(theta, [3.0, 0.0, 0.0]))
    np.testing.assert_allclose(full[:-1], table.table(theta)[:-1])
    assert np.ptp(full[-1]) > 0.5


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"vocabulary": 0}, "vocabulary"),
        ({"length": 1.5}, "length"),
        ({"length": 12}, "length"),
        ({"mu": [0.5, 0.4]}, "mu"),
        ({"reward": lambda x, y: np.nan}, "reward"),
        ({"reward": 3}, "reward"),
    ],
)
def test_a_world_that_cannot_be_is_answered(arguments, word):
    good = {"vocabulary": 4, "length": 2, "reward": lambda x, y: 0.0, "mu": [1.0]}
    with pytest.raises((ValueError, TypeError), match=word):
        language.world(**good | arguments)


def test_another_mdp_is_no_world_of_responses(mdp):
    with pytest.raises(ValueError, match="world of responses"):
        language.every_response(mdp)


def test_responses_of_one_token_make_a_bandit_for_each_prompt():
    """J is the mean of the reward under mu and the table; with the prompts exchanged, the control, another."""
    paid, mu = np.array([[1.0, 0.0, 5.0], [0.0, 7.0, 0.0]]), np.array([0.25, 0.75])
    mdp = language.world(3, 1, lambda x, y: paid[x, y[0]], mu)
    assert (mdp.S, mdp.A, mdp.H) == (3, 3, 1)
    assert language.every_response(mdp).r.sum(axis=1).reshape(paid.shape).tolist() == paid.tolist()
    pi = np.array([[0.2, 0.3, 0.5], [0.6, 0.4, 0.0], [1.0, 0.0, 0.0]])
    J = mu @ (pi[:2] * paid).sum(axis=1)
    assert pytest.approx(J, rel=1e-12) == exact.evaluate(mdp, pi).J
    assert pytest.approx(J, rel=1e-2) != exact.evaluate(mdp, pi[[1, 0, 2]]).J
